// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A QEMU process that has an image open, with its locks, until this is closed.
public final class QemuHolder implements Closeable {
  private final ProcessHandle process;

  private QemuHolder(ProcessHandle process) {
    this.process = process;
  }

  /// qemu-io in its interactive mode; `-r` opens read-only, `-U` shares by force.
  public static QemuHolder io(Path image, String... arguments) throws IOException {
    QemuTools.require();
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
    command.addAll(List.of(arguments));
    command.add(image.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    // An answer to the first command says that the image is open.
    process.getOutputStream().write("length\n".getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
    String said = readUntil(process.getInputStream(), "iB\n");
    if (!said.endsWith("iB\n")) {
      throw new AssertionError(String.join(" ", command) + ": " + said);
    }
    return new QemuHolder(process.toHandle());
  }

  /// qemu-nbd, read-write, on a socket that nobody connects to.
  ///
  /// @param scratch a folder for its socket and its process id
  public static QemuHolder nbd(Path image, Path scratch) throws IOException {
    QemuTools.require();
    Path pid = scratch.resolve("nbd.pid");
    String[] command = {
      "qemu-nbd",
      "--fork",
      "--persistent",
      "-f",
      "qcow2",
      "--pid-file=" + pid,
      "--socket=" + scratch.resolve("nbd.sock"),
      image.toString()
    };
    ToolRun.of(List.of(command)).ok();
    return new QemuHolder(
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow());
  }

  private static String readUntil(InputStream stream, String end) {
    StringBuilder text = new StringBuilder();
    try {
      int next = stream.read();
      while (next >= 0) {
        text.append((char) next);
        if (text.toString().endsWith(end)) {
          break;
        }
        next = stream.read();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  public long pid() {
    return process.pid();
  }

  /// Kills it and waits until it is gone, and its locks with it.
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.onExit().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IOException("process " + process.pid() + " does not end", e);
    }
  }
}
