// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import io.varve.img.Console;

/// What `--version` and `--help` print. Programs look into it for what a tool can do (`--bitmaps`,
/// `--target-is-zero`, `bitmap … filename bitmap`, the supported formats), so the syntax of the
/// commands is laid out as in QEMU 10.0.
public final class HelpText {
  private static final String HEAD =
      """
      usage: %s [standard options] command [command options]
      Disk images: make, copy, compare, check and change them

          '-h', '--help'       display this help and exit
          '-V', '--version'    output version information and exit
          '-T', '--trace'      taken and ignored

      Command syntax:
      """;

  private static final String COMMANDS =
      """
        amend [--object objectdef] [--image-opts] [-p] [-q] [-f fmt] [-t cache] [--force] -o options filename
        bench [-c count] [-d depth] [-f fmt] [--flush-interval=flush_interval] [-i aio] [-n] [--no-drain] [-o offset] [--pattern=pattern] [-q] [-s buffer_size] [-S step_size] [-t cache] [-w] [-U] filename
        bitmap (--merge SOURCE | --add | --remove | --clear | --enable | --disable)... [-b source_file [-F source_fmt]] [-g granularity] [--object objectdef] [--image-opts | -f fmt] filename bitmap
        check [--object objectdef] [--image-opts] [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U] filename
        commit [--object objectdef] [--image-opts] [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename
        compare [--object objectdef] [--image-opts] [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2
        convert [--object objectdef] [--image-opts] [--target-image-opts] [--target-is-zero] [--bitmaps [--skip-broken-bitmaps]] [-U] [-C] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]] [-o options] [-l snapshot_param] [-S sparse_size] [-r rate_limit] [-m num_coroutines] [-W] [--salvage] filename [filename2 [...]] output_filename
        create [--object objectdef] [-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]
        dd [--image-opts] [-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks] [skip=blocks] if=input of=output
        info [--object objectdef] [--image-opts] [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename
        map [--object objectdef] [--image-opts] [-f fmt] [--start-offset=offset] [--max-length=len] [--output=ofmt] [-U] filename
        measure [--output=ofmt] [-O output_fmt] [-o options] [--size N | [--object objectdef] [--image-opts] [-f fmt] [-l snapshot_param] filename]
        rebase [--object objectdef] [--image-opts] [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] [-c] -b backing_file [-F backing_fmt] filename
        resize [--object objectdef] [--image-opts] [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename [+ | -]size
        snapshot [--object objectdef] [--image-opts] [-U] [-q] [-l | -a snapshot | -c snapshot | -d snapshot] filename
      """;

  private static final String PARAMETERS =
      """

      Command parameters:
        'filename'       name of an image: a file, or json:{...}
        'objectdef'      a secret, as in secret,id=sec0,file=passphrase.txt
        '--image-opts'   the name is a list of options: driver=qcow2,file.filename=...
        'fmt'            format of the image; looked for in the file where it is not given
        'options'        options of the format, as in -o compat=1.1,cluster_size=128k;
                         -o help lists them
        'size'           in bytes, or with a suffix: k, M, G, T, P or E, each 1024 times the last
        'cache'          none, writeback, writethrough, directsync or unsafe
        'snapshot_param' an id or name, or snapshot.id=ID, or snapshot.name=NAME
        'ofmt'           human (for people) or json (for programs)
        '-p'             show progress
        '-q'             print errors and nothing else
        '-U'             open images although another process writes to them
        '-u'             do not look at the backing file
        '-n'             the target exists already
        '-c'             write compressed clusters
        '-S'             zeros of at least this size become a hole; 0 writes them all
        '-W'             write the target in any order
        '-r'             check: what to repair; commit and convert: bytes a second at most
        '-s'             compare: other sizes are a difference
        '-d'             commit: leave the committed clusters in the overlay
      """;

  private static final String FORMATS =
      """

      Supported formats: file host_device qcow2 raw vdi vhdx vmdk vpc
      """;

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
                             see qemu-img(1) man page for full description
        -U, --force-share    force shared permissions
        -h, --help           display this help and exit
        -V, --version        output version information and exit

      See 'qemu-io -c help' for information on available commands.
      """;

  private HelpText() {}

  /// The release of QEMU whose command line this is.
  public static void version(Console console) {
    console.out().print(console.program() + " version 10.0.2 (Varve)\n");
  }

  /// The whole help, the same for every command.
  public static void print(Console console) {
    version(console);
    console.out().print(HEAD.replace("%s", console.program()));
    console.out().print(COMMANDS);
    console.out().print(PARAMETERS);
    console.out().print(FORMATS);
  }
}
