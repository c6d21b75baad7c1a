// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.util.List;

/// `map`: which stretches the image itself holds.
final class MapCommand extends ShellCommand {
  MapCommand() {
    super("map", 0, 0, Needs.IMAGE, "", "prints the allocated areas of a file");
  }

  /// With two blanks, as scripts know it.
  @Override
  String usage() {
    return "map  -- prints the allocated areas of a file\n";
  }

  @Override
  boolean run(Session session, List<String> words) {
    Device device = session.device();
    long size = device.size();
    long at = 0;
    while (at < size) {
      long stretch;
      try {
        stretch = device.held(at, size - at);
      } catch (IOException e) {
        session.console().error("Failed to get allocation status: " + DeviceException.words(e));
        return false;
      }
      long length = Math.abs(stretch);
      session
          .out()
          .print(
              Numbers.amount(length)
                  + " (0x"
                  + Long.toHexString(length)
                  + ") bytes "
                  + (stretch > 0 ? "    allocated" : "not allocated")
                  + " at offset "
                  + Numbers.amount(at)
                  + " (0x"
                  + Long.toHexString(at)
                  + ")\n");
      at += length;
    }
    return true;
  }
}
