// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import io.varve.img.Console;

/// What `--version` and `--help` print.
public final class HelpText {
  /// What `qemu-io --help` prints, and any wrong use of it.
  public static final String IO_USAGE =
      """
      Usage: qemu-io [OPTIONS]... [-c STRING]... [file]
      QEMU Disk exerciser

        --object OBJECTDEF   define an object such as 'secret' for
                             passwords and/or encryption keys
        --image-opts         treat file as option string
        -c, --cmd STRING     execute command with its arguments
                             from the given string
        -f, --format FMT     specifies the block driver to use
        -r, --read-only      export read-only
        -s, --snapshot       use snapshot file
        -n, --nocache        disable host cache, short for -t none
        -C, --copy-on-read   enable copy-on-read
        -m, --misalign       misalign allocations for O_DIRECT
        -k, --native-aio     use kernel AIO implementation
                             (Linux only, prefer use of -i)
        -i, --aio=MODE       use AIO mode (threads, native or io_uring)
        -t, --cache=MODE     use the given cache mode for the image
        -d, --discard=MODE   use the given discard mode for the image
        -T, --trace [[enable=]<pattern>][,events=<file>][,file=<file>]
                             specify tracing options
        -U, --force-share    force shared permissions
        -h, --help           display this help and exit
        -V, --version        output version information and exit

      See 'qemu-io -c help' for information on available commands.
      """;

  private HelpText() {}

  /// The version line: the QEMU release whose command line this is.
  public static void version(Console console) {
    console.out().print(console.program() + " version 10.0.2 (Varve)\n");
  }

  public static void print(Console console) {
    version(console);
  }
}
