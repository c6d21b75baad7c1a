// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.Terminal;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// The word `varve` itself, and the options that every verb takes, before or after its name.
@Command(
    name = "varve",
    description = {
      "Takes, keeps, reverts, merges and clones the state of virtual-machine disks,",
      "on standard qcow2 files that QEMU opens without Varve.",
      "",
      "A snapshot is a state, not a backup: it lies in the same place as the disk and",
      "goes with it. Keep copies elsewhere (varve disk export).",
    },
    footerHeading = "%nStart here:%n",
    footer = {
      "  varve demo                              sees it all at work, in a temporary folder",
      "  varve pool create main /srv/varve       a folder for disks",
      "  varve disk import main/shop shop.qcow2  a disk from an image",
      "  varve snapshot create shop@clean        its state, kept in a moment",
      "  varve snapshot revert shop@clean        back to it",
      "  varve help snapshot create              what a verb does and what it costs",
    })
final class Root {
  private final Terminal terminal;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      order = 900,
      description = "explains this command")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      order = 909,
      description = "prints the version")
  boolean version;

  @Option(
      names = "--home",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      order = 901,
      description =
          "folder of the catalog (else $$VARVE_HOME, else /var/lib/varve if it can be written, else"
              + " ~/.local/state/varve)")
  @Nullable Path home;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      order = 902,
      description = "JSON on standard output, errors as JSON on standard error")
  boolean json;

  @Option(
      names = {"-H", "--no-header"},
      scope = ScopeType.INHERIT,
      order = 903,
      description = "tables for scripts: no heading, one tab between columns")
  boolean script;

  @Option(
      names = {"-p", "--exact"},
      scope = ScopeType.INHERIT,
      order = 904,
      description = "sizes in bytes, times in ISO 8601")
  boolean exact;

  @Option(
      names = {"-y", "--yes"},
      scope = ScopeType.INHERIT,
      order = 905,
      description = "answers yes to the question that a destructive verb asks")
  boolean yes;

  @Option(
      names = "--progress",
      negatable = true,
      scope = ScopeType.INHERIT,
      order = 906,
      description = "shows (or hides) progress; shown by default if standard error is a terminal")
  @Nullable Boolean progress;

  @Option(
      names = "--ascii",
      scope = ScopeType.INHERIT,
      order = 907,
      description = "draws trees in ASCII, as a locale without UTF-8 does")
  boolean ascii;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      order = 908,
      description = "adds the stack trace to an error, as VARVE_DEBUG=1 does")
  boolean debug;

  Root(Terminal terminal) {
    this.terminal = terminal;
  }

  Terminal terminal() {
    return terminal;
  }
}
