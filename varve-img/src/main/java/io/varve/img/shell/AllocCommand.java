// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.util.List;

/// `alloc`: how much of a range the image itself holds.
final class AllocCommand extends ShellCommand {
  private static final long SECTOR = 512;

  AllocCommand() {
    super(
        "alloc", 1, 2, Needs.IMAGE, "offset [count]", "checks if offset is allocated in the file");
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    long offset = Numbers.size(session.out(), words.get(1));
    if (offset < 0) {
      return false;
    }
    long count = words.size() == 3 ? Numbers.size(session.out(), words.get(2)) : SECTOR;
    if (count < 0) {
      return false;
    }
    long held = 0;
    long at = offset;
    long rest = count;
    while (rest > 0) {
      long stretch;
      try {
        stretch = session.device().held(at, rest);
      } catch (IOException e) {
        session.out().print("is_allocated failed: " + DeviceException.words(e) + "\n");
        return false;
      }
      if (stretch == 0) {
        count -= rest;
        break;
      }
      held += Math.max(stretch, 0);
      at += Math.abs(stretch);
      rest -= Math.abs(stretch);
    }
    session
        .out()
        .print(held + "/" + count + " bytes allocated at offset " + Numbers.amount(offset) + "\n");
    return true;
  }
}
