// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Runs what short commands do, once, in a folder that it is given, while the JVM notes which
/// classes that takes: from the notes it makes the cache that the launchers start from (JEP 483).
/// What a command answers does not matter here, and no command is needed.
final class Training {
  private static final List<String> COMMANDS =
      List.of(
          "--version",
          "create -f qcow2 a.qcow2 64M",
          "create -f qcow2 -o cluster_size=64k,lazy_refcounts=on,preallocation=metadata c.qcow2"
              + " 64M",
          "create -q -f qcow2 -b a.qcow2 -F qcow2 b.qcow2",
          "create -f raw a.raw 1M",
          "info a.qcow2",
          "info -U --output=json a.qcow2",
          "info --output=json --backing-chain b.qcow2",
          "info --backing-chain b.qcow2",
          "info -f raw a.raw",
          "info missing.qcow2",
          "snapshot -c one a.qcow2",
          "snapshot -l a.qcow2",
          "info a.qcow2",
          "snapshot -a one a.qcow2",
          "snapshot -d one a.qcow2",
          "check a.qcow2",
          "check --output=json a.qcow2",
          "resize a.qcow2 +64M",
          "amend -f qcow2 -o lazy_refcounts=on a.qcow2",
          "bitmap --add a.qcow2 bits",
          "bitmap --remove a.qcow2 bits",
          "measure -O qcow2 --size 1G",
          "measure --output=json -f qcow2 -O qcow2 a.qcow2",
          "map a.qcow2",
          "map --output=json b.qcow2",
          "rebase -u -f qcow2 -F qcow2 -b a.qcow2 b.qcow2",
          "rebase -f qcow2 -b  b.qcow2",
          "convert -f raw -O qcow2 a.raw d.qcow2",
          "convert -p -c -f qcow2 -O qcow2 a.qcow2 e.qcow2",
          "convert -f qcow2 -O raw c.qcow2 f.raw",
          "compare -f raw -F qcow2 a.raw d.qcow2",
          "create -q -f qcow2 -b a.qcow2 -F qcow2 g.qcow2",
          "commit -f qcow2 g.qcow2",
          "dd -f raw -O qcow2 bs=64k count=1 if=a.raw of=h.qcow2",
          "no-such-command");

  private static final String SHELL_SCRIPT =
      """
      write -P 7 0 128k
      read -P 7 0 64k
      aio_write -P 8 1M 64k
      aio_read 0 64k
      aio_flush
      write -z 64k 64k
      write -c -P 9 2M 64k
      discard 0 64k
      alloc 0 1M
      map
      flush
      truncate 65M
      no-such-command
      quit
      """;

  private static final String[][] SHELL = {
    {"-f", "qcow2", "-c", "write -P 5 0 4k", "a.qcow2"},
    {"-c", "read -P 5 0 4k", "-c", "read -v 0 64", "-c", "read -P 6 -s 1 -l 2 0 4k", "a.qcow2"},
    {"-r", "-f", "raw", "-c", "read 0 512", "-c", "write 0 512", "-c", "length", "a.raw"},
    {"-f", "raw", "-c", "write -q -f -P 0x11 0 64k", "-c", "writev 0 1k 1k", "a.raw"},
    {"-c", "readv 0 1k 1k", "-c", "writev -q 64k 1k 1k", "-c", "length", "-c", "info", "b.qcow2"},
    {"-c", "open -o driver=qcow2 b.qcow2", "-c", "reopen -r", "-c", "alloc 0", "-c", "close"},
    {"--image-opts", "-c", "write -z -u 0 64k", "driver=qcow2,file.filename=b.qcow2"},
    {"-C", "-t", "none", "-c", "read 0 1M", "-c", "read 0 x", "b.qcow2"},
    {"a.qcow2"},
    {"missing.qcow2"}
  };

  private Training() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    for (String command : COMMANDS) {
      QemuImg.run(console(folder), command.split(" ", -1));
    }
    for (String[] line : SHELL) {
      QemuIo.run(console(folder), line);
    }
    StartNotes.dropIfStale();
  }

  private static Console console(Path folder) {
    return new Console(
        "qemu-img",
        folder,
        new ByteArrayInputStream(SHELL_SCRIPT.getBytes(StandardCharsets.UTF_8)),
        OutputStream.nullOutputStream(),
        OutputStream.nullOutputStream());
  }
}
