// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/// `readv` and `aio_read`: one range, into several buffers.
final class ReadvCommand extends ShellCommand {
  private final boolean asynchronous;
  private boolean machine;
  private boolean invalid;
  private boolean quiet;
  private boolean dump;
  private int pattern = -1;

  private ReadvCommand(boolean asynchronous, String name, String arguments, String summary) {
    super(name, 2, ANY, Needs.IMAGE, arguments, summary);
    this.asynchronous = asynchronous;
  }

  static ReadvCommand readv() {
    return new ReadvCommand(
        false,
        "readv",
        "[-Cqrv] [-P pattern] off len [len..]",
        "reads a number of bytes at a specified offset");
  }

  static ReadvCommand aioRead() {
    return new ReadvCommand(
        true,
        "aio_read",
        "[-Ciqrv] [-P pattern] off len [len..]",
        "asynchronously reads a number of bytes");
  }

  @Override
  String help() {
    return asynchronous ? HelpTexts.AIO_READ : HelpTexts.READV;
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    PrintStream out = session.out();
    CLikeOptions options = options(session, words, asynchronous ? "CP:iqrv" : "CP:qrv");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'C' -> machine = true;
        case 'q' -> quiet = true;
        case 'v' -> dump = true;
        case 'r' -> {}
        case 'i' -> invalid = true;
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
      if (invalid) {
        out.print("injecting invalid read request\n");
        return true;
      }
    }
    List<String> operands = options.operands();
    if (operands.size() < 2) {
      return misused(session);
    }
    long offset = Numbers.size(out, operands.getFirst());
    long length = offset < 0 ? -1 : Vectors.total(out, operands, 1);
    if (length < 0) {
      return false;
    }
    return asynchronous
        ? submit(session, new RequestRange(offset, length))
        : read(session, new RequestRange(offset, length));
  }

  private boolean read(Session session, RequestRange range) throws IOException {
    ReadCheck check = new ReadCheck(pattern, 0, range.length());
    session.pending().reportImmediate();
    long start = System.nanoTime();
    try {
      session.device().read(range.offset(), range.length(), check);
    } catch (IOException e) {
      session.out().print("readv failed: " + DeviceException.words(e) + "\n");
      return false;
    }
    long nanos = System.nanoTime() - start;
    session.pending().reportAll();
    return report(session, range, check, nanos);
  }

  private boolean report(Session session, RequestRange range, ReadCheck check, long nanos)
      throws IOException {
    PrintStream out = session.out();
    boolean fits = check.report(out, range.offset());
    if (quiet) {
      return fits;
    }
    if (dump) {
      DumpSink dumped = new DumpSink(out, range.offset());
      session.device().read(range.offset(), range.length(), dumped);
      dumped.finish();
    }
    Report.print(out, "read", nanos, range.offset(), range.length(), machine);
    return fits;
  }

  /// A request counts as successful once it is submitted, whatever becomes of it.
  private boolean submit(Session session, RequestRange range) {
    Pending pending = session.pending();
    Device device = session.device();
    if (pending.needsThreads(device)) {
      pending.start(() -> perform(pending, device, range));
    } else {
      perform(pending, device, range);
    }
    return true;
  }

  private void perform(Pending pending, Device device, RequestRange range) {
    ReadCheck check = new ReadCheck(pattern, 0, range.length());
    DumpBuffer dumped = new DumpBuffer(range.offset());
    long start = System.nanoTime();
    boolean atOnce;
    try {
      atOnce = device.readsAtOnce(range.offset(), range.length());
      device.read(
          range.offset(),
          range.length(),
          (bytes, length) -> {
            check.take(bytes, length);
            if (dump && !quiet) {
              dumped.take(bytes, length);
            }
          });
    } catch (IOException e) {
      pending.addImmediate(out -> out.print("readv failed: " + DeviceException.words(e) + "\n"));
      return;
    }
    long nanos = System.nanoTime() - start;
    Pending.Report report =
        out -> {
          check.report(out, range.offset());
          if (!quiet) {
            dumped.printTo(out);
            Report.print(out, "read", nanos, range.offset(), range.length(), machine);
          }
        };
    if (atOnce) {
      pending.addImmediate(report);
    } else {
      pending.add(report);
    }
  }
}
