// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `write`: one range, of one byte over and over, of a file's content, or of zeros by the index.
final class WriteCommand extends ShellCommand {
  static final int DEFAULT_PATTERN = 0xcd;

  private boolean vmState;
  private boolean compressed;
  private boolean machine;
  private boolean durable;
  private boolean onlyFast;
  private boolean quiet;
  private boolean unmap;
  private boolean zeros;
  private int pattern = -1;
  private @Nullable String file;

  WriteCommand() {
    super(
        "write",
        2,
        ANY,
        Needs.WRITABLE_IMAGE,
        "[-bcCfnqruz] [-P pattern | -s source_file] off len",
        "writes a number of bytes at a specified offset");
  }

  @Override
  String help() {
    return HelpTexts.WRITE;
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    PrintStream out = session.out();
    CLikeOptions options = options(session, words, "bcCfnpP:qrs:uz");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'b' -> vmState = true;
        case 'c' -> compressed = true;
        case 'C' -> machine = true;
        case 'f' -> durable = true;
        case 'n' -> onlyFast = true;
        case 'p', 'r' -> {}
        case 'q' -> quiet = true;
        case 'u' -> unmap = true;
        case 'z' -> zeros = true;
        case 's' -> file = options.argument();
        case 'P' -> {
          pattern = Numbers.pattern(out, options.argument());
          if (pattern < 0) {
            return false;
          }
        }
        default -> {
          return misused(session);
        }
      }
    }
    List<String> operands = options.operands();
    if (operands.size() != 2) {
      return misused(session);
    }
    String contradiction = contradiction();
    if (contradiction != null) {
      out.print(contradiction + "\n");
      return false;
    }
    RequestRange range =
        RequestRange.of(
            out, operands, onlyFast ? Long.MAX_VALUE : RequestRange.MAX_BYTES, " without -n");
    if (range == null || ((vmState || compressed) && !range.requireSectors(out))) {
      return false;
    }
    return write(session, range);
  }

  private @Nullable String contradiction() {
    if (vmState && zeros) {
      return "-b and -z cannot be specified at the same time";
    }
    if (durable && (vmState || compressed)) {
      return "-f and -b or -c cannot be specified at the same time";
    }
    if (onlyFast && !zeros) {
      return "-n requires -z to be specified";
    }
    if (unmap && !zeros) {
      return "-u requires -z to be specified";
    }
    int contents = (zeros ? 1 : 0) + (pattern >= 0 ? 1 : 0) + (file != null ? 1 : 0);
    return contents > 1 ? "Only one of -z, -P, and -s can be specified at the same time" : null;
  }

  private boolean write(Session session, RequestRange range) throws IOException {
    if (file == null) {
      return write(session, range, new PatternSource(pattern < 0 ? DEFAULT_PATTERN : pattern));
    }
    try (FileSource source = FileSource.open(session.console(), file)) {
      return source != null && write(session, range, source);
    }
  }

  private boolean write(Session session, RequestRange range, Device.Source source) {
    PrintStream out = session.out();
    session.pending().reportAll();
    long start = System.nanoTime();
    try {
      perform(session.device(), range, source);
    } catch (IOException e) {
      out.print("write failed: " + DeviceException.words(e) + "\n");
      return false;
    }
    if (!quiet) {
      long nanos = System.nanoTime() - start;
      Report.print(out, "wrote", nanos, range.offset(), range.length(), machine);
    }
    return true;
  }

  private void perform(Device device, RequestRange range, Device.Source source) throws IOException {
    if (vmState) {
      device.writeVmState(range.offset(), range.length(), source);
    } else if (zeros) {
      device.zero(range.offset(), range.length(), unmap, onlyFast, durable);
    } else if (compressed) {
      device.writeCompressed(range.offset(), range.length(), source);
    } else {
      device.write(range.offset(), range.length(), source, durable);
    }
  }
}
