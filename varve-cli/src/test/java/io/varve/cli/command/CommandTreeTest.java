// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.ExitCode;
import io.varve.cli.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// What needs no engine: help, mistakes, completion.
class CommandTreeTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... arguments) {
    return CommandTree.run(
        new Terminal(InputStream.nullInputStream(), out, err, Terminal.Tty.NONE, Map.of()),
        arguments);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void explainsItselfWhereNothingIsAsked() {
    assertThat(run()).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("Usage: varve").contains("a state, not a backup");
    assertThat(out()).isEmpty();
  }

  @Test
  void helpGoesToStandardOutputAndSucceeds() {
    assertThat(run("--help")).isZero();
    assertThat(out()).contains("Start here:");
    assertThat(err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--home", "-H", "--json"})
  void findsTheCommandBehindACommonOption(String option) {
    String[] arguments =
        option.equals("--home")
            ? new String[] {option, "/nowhere", "pool", "create"}
            : new String[] {option, "pool", "create"};
    assertThat(run(arguments)).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("pool create needs NAME");
  }

  @Test
  void everyCommandTeaches() {
    CommandLine whole =
        CommandTree.whole(
            new Root(
                new Terminal(
                    InputStream.nullInputStream(), out, err, Terminal.Tty.NONE, Map.of())));
    assertTeaches(whole);
  }

  private static void assertTeaches(CommandLine command) {
    String help = command.getUsageMessage();
    String name = command.getCommandSpec().qualifiedName();
    assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
    assertThat(help.lines()).as(name).allMatch(line -> line.length() <= 100);
    assertThat(help).as(name).contains("Usage: " + name).doesNotContain("null");
    command.getSubcommands().values().forEach(CommandTreeTest::assertTeaches);
  }

  @Test
  void aWrongWordIsUsageAndNamesTheNearestRightOne() {
    assertThat(run("snapshto", "list")).isEqualTo(ExitCode.USAGE);
    assertThat(err())
        .startsWith("varve: 'varve' has no command 'snapshto'\n  cure: did you mean: snapshot");
  }

  @Test
  void aWrongSizeSaysWhatASizeIs() {
    assertThat(run("disk", "create", "a", "10GB")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).startsWith("varve: SIZE: '10GB' is not a size").contains("10G, 1.5T");
  }

  @Test
  void aWrongWordOfAListNamesTheRightOnes() {
    assertThat(run("pool", "create", "a", "/x", "--kind", "nfs")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("--kind: expected one of virtual, external and not 'nfs'");
  }

  @Test
  void mistakesAreJsonWhereJsonIsAsked() {
    assertThat(run("disk", "create", "a", "--json")).isEqualTo(ExitCode.USAGE);
    assertThat(err())
        .contains("\"code\" : \"usage\"")
        .contains("\"message\" : \"disk create needs SIZE\"")
        .contains("\"cure\" : \"write: varve disk create [options] [POOL/]NAME SIZE");
    assertThat(out()).isEmpty();
  }

  @Test
  void saysItsVersionTheWayPeopleAsk() {
    assertThat(run("--version")).isZero();
    assertThat(out()).startsWith("varve ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "snapshot ls",
        "snap ls",
        "snapshot rollback",
        "snapshot rm",
        "disk rm",
        "pool ls"
      })
  void knowsTheWordsOfOtherTools(String words) {
    String[] arguments = (words + " --help").split(" ");
    assertThat(run(arguments)).isZero();
    assertThat(out()).contains("Usage: varve");
  }

  @Test
  void completionKnowsEveryCommand() {
    assertThat(run("completion")).isZero();
    assertThat(out()).contains("snapshot").contains("revert").contains("_complete_varve");
  }

  @Test
  void helpOfAVerbIsTheSameBothWays() {
    assertThat(run("help", "snapshot", "revert")).isZero();
    String one = out();
    out.reset();
    assertThat(run("snapshot", "revert", "--help")).isZero();
    assertThat(out()).isEqualTo(one).contains("--keep-as");
  }

  @Test
  void aReaderWhoLeavesIsNoErrorWorthAWord() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    int code =
        CommandTree.run(
            new Terminal(InputStream.nullInputStream(), closed, err, Terminal.Tty.NONE, Map.of()),
            "completion");
    assertThat(code).isEqualTo(ExitCode.ERROR);
    assertThat(err()).isEmpty();
  }

  @Test
  void aFullDiskBehindStandardOutputIsAnError() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    int code =
        CommandTree.run(
            new Terminal(InputStream.nullInputStream(), full, err, Terminal.Tty.NONE, Map.of()),
            "completion");
    assertThat(code).isEqualTo(ExitCode.ERROR);
    assertThat(err()).contains("No space left on device").doesNotContain("\tat ");
  }
}
