// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Who holds image locks on a file, as far as `/proc` tells this user. Only for messages: it walks
/// over every descriptor of every process, and the answer is old when it arrives.
///
/// The kernel names no process for an OFD lock; but each descriptor lists its locks in
/// `/proc/PID/fdinfo/N`, one line each: `lock: 1: OFDLCK ADVISORY READ -1 fe:00:1234 100 100`.
final class LockHolders {
  private static final int NAMED = 3;

  private LockHolders() {}

  /// Such as `qemu-nbd (process 4711)`, several with commas, or empty if nothing was found.
  static String describe(FileKey file) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (holdsLock(process, file)) {
          found.add(nameOf(process));
        }
      }
    } catch (IOException e) {
      // No /proc, or none for us: the message does without.
      return "";
    }
    String more = found.size() > NAMED ? " and " + (found.size() - NAMED) + " more" : "";
    return found.stream().limit(NAMED).collect(Collectors.joining(", ")) + more;
  }

  private static boolean holdsLock(Path process, FileKey file) {
    try (DirectoryStream<Path> infos = Files.newDirectoryStream(process.resolve("fdinfo"))) {
      for (Path info : infos) {
        if (listsLock(info)
            && FileKey.of(process.resolve("fd").resolve(info.getFileName())).equals(file)) {
          return true;
        }
      }
    } catch (IOException _) {
      // It belongs to someone else, or has ended.
    }
    return false;
  }

  private static boolean listsLock(Path info) {
    try {
      return Files.readString(info).contains("OFDLCK");
    } catch (IOException _) {
      // Closed since.
      return false;
    }
  }

  private static String nameOf(Path process) {
    String pid = process.getFileName().toString();
    if (pid.equals(Long.toString(ProcessHandle.current().pid()))) {
      return "this process";
    }
    try {
      return Files.readString(process.resolve("comm")).strip() + " (process " + pid + ")";
    } catch (IOException _) {
      return "process " + pid;
    }
  }
}
