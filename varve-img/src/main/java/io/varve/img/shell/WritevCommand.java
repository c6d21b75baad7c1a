// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/// `writev` and `aio_write`: one range, from several buffers.
final class WritevCommand extends ShellCommand {
  private final boolean asynchronous;
  private boolean machine;
  private boolean durable;
  private boolean quiet;
  private boolean unmap;
  private boolean zeros;
  private int pattern = WriteCommand.DEFAULT_PATTERN;

  private WritevCommand(boolean asynchronous, String name, String arguments, String summary) {
    super(name, 2, ANY, Needs.WRITABLE_IMAGE, arguments, summary);
    this.asynchronous = asynchronous;
  }

  static WritevCommand writev() {
    return new WritevCommand(
        false,
        "writev",
        "[-Cfqr] [-P pattern] off len [len..]",
        "writes a number of bytes at a specified offset");
  }

  static WritevCommand aioWrite() {
    return new WritevCommand(
        true,
        "aio_write",
        "[-Cfiqruz] [-P pattern] off len [len..]",
        "asynchronously writes a number of bytes");
  }

  @Override
  String help() {
    return asynchronous ? HelpTexts.AIO_WRITE : HelpTexts.WRITEV;
  }

  @Override
  boolean run(Session session, List<String> words) {
    PrintStream out = session.out();
    CLikeOptions options = options(session, words, asynchronous ? "CfiP:qruz" : "CfP:qr");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'C' -> machine = true;
        case 'f' -> durable = true;
        case 'q' -> quiet = true;
        case 'u' -> unmap = true;
        case 'z' -> zeros = true;
        case 'r' -> {}
        case 'i' -> {
          out.print("injecting invalid write request\n");
          return true;
        }
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
    if (operands.size() < 2) {
      return misused(session);
    }
    if (zeros && operands.size() > 2) {
      out.print("-z supports only a single length parameter\n");
      return false;
    }
    if (unmap && !zeros) {
      out.print("-u requires -z to be specified\n");
      return false;
    }
    long offset = Numbers.size(out, operands.getFirst());
    long length = offset < 0 ? -1 : length(out, operands);
    return length >= 0 && run(session, new RequestRange(offset, length));
  }

  private long length(PrintStream out, List<String> operands) {
    return zeros ? Numbers.size(out, operands.get(1)) : Vectors.total(out, operands, 1);
  }

  private boolean run(Session session, RequestRange range) {
    Pending pending = session.pending();
    Device device = session.device();
    if (asynchronous) {
      if (pending.needsThreads(device)) {
        pending.start(() -> submit(pending, device, range));
      } else {
        submit(pending, device, range);
      }
      return true;
    }
    pending.reportAll();
    long start = System.nanoTime();
    try {
      perform(device, range);
    } catch (IOException e) {
      session.out().print(failure(e));
      return false;
    }
    if (!quiet) {
      report(session.out(), range, System.nanoTime() - start);
    }
    return true;
  }

  private void submit(Pending pending, Device device, RequestRange range) {
    long start = System.nanoTime();
    try {
      perform(device, range);
    } catch (IOException e) {
      pending.addImmediate(out -> out.print(failure(e)));
      return;
    }
    long nanos = System.nanoTime() - start;
    if (!quiet) {
      pending.add(out -> report(out, range, nanos));
    }
  }

  private String failure(IOException e) {
    return name() + " failed: " + DeviceException.words(e) + "\n";
  }

  private void perform(Device device, RequestRange range) throws IOException {
    if (zeros) {
      device.zero(range.offset(), range.length(), unmap, false, durable);
    } else {
      device.write(range.offset(), range.length(), new PatternSource(pattern), durable);
    }
  }

  private void report(PrintStream out, RequestRange range, long nanos) {
    Report.print(out, "wrote", nanos, range.offset(), range.length(), machine);
  }
}
