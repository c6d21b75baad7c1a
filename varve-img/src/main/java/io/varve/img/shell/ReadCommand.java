// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.util.List;

/// `read`: one range, into one buffer.
final class ReadCommand extends ShellCommand {
  private boolean vmState;
  private boolean quiet;
  private boolean machine;
  private boolean dump;
  private int pattern = -1;
  private boolean givenPart;
  private long patternOffset;
  private long patternLength = -1;

  ReadCommand() {
    super(
        "read",
        2,
        ANY,
        Needs.IMAGE,
        "[-abCqrv] [-P pattern [-s off] [-l len]] off len",
        "reads a number of bytes at a specified offset");
  }

  @Override
  String help() {
    return HelpTexts.READ;
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    CLikeOptions options = options(session, words, "bCl:pP:qrs:v");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'b' -> vmState = true;
        case 'C' -> machine = true;
        case 'p', 'r' -> {}
        case 'q' -> quiet = true;
        case 'v' -> dump = true;
        case 'P', 'l', 's' -> {
          if (!takeNumber(session, c, options.argument())) {
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
    RequestRange range = RequestRange.of(session.out(), operands, RequestRange.MAX_BYTES, "");
    return range != null && checked(session, range) && read(session, range);
  }

  private boolean takeNumber(Session session, int option, String text) {
    if (option == 'P') {
      pattern = Numbers.pattern(session.out(), text);
      return pattern >= 0;
    }
    long value = Numbers.size(session.out(), text);
    givenPart = true;
    if (option == 'l') {
      patternLength = value;
    } else {
      patternOffset = value;
    }
    return value >= 0;
  }

  private boolean checked(Session session, RequestRange range) {
    if (pattern < 0 && givenPart) {
      return misused(session);
    }
    if (patternLength < 0) {
      patternLength = range.length() - patternOffset;
    }
    if (patternLength < 0 || patternOffset > range.length() - patternLength) {
      session.out().print("pattern verification range exceeds end of read data\n");
      return false;
    }
    return !vmState || range.requireSectors(session.out());
  }

  private boolean read(Session session, RequestRange range) throws IOException {
    Device device = session.device();
    ReadCheck check = new ReadCheck(pattern, patternOffset, patternLength);
    long start = System.nanoTime();
    session.pending().reportImmediate();
    try {
      read(device, range, check);
    } catch (IOException e) {
      session.out().print("read failed: " + DeviceException.words(e) + "\n");
      return false;
    }
    long nanos = System.nanoTime() - start;
    session.pending().reportAll();
    boolean fits = check.report(session.out(), range.offset());
    if (quiet) {
      return fits;
    }
    if (dump) {
      DumpSink dumped = new DumpSink(session.out(), range.offset());
      read(device, range, dumped);
      dumped.finish();
    }
    Report.print(session.out(), "read", nanos, range.offset(), range.length(), machine);
    return fits;
  }

  private void read(Device device, RequestRange range, Device.Sink sink) throws IOException {
    if (vmState) {
      device.readVmState(range.offset(), range.length(), sink);
    } else {
      device.read(range.offset(), range.length(), sink);
    }
  }
}
