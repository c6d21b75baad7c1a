// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.util.List;

/// The commands for zoned devices, of which an image file is none.
final class ZoneCommand extends ShellCommand {
  private final String doing;

  private ZoneCommand(String doing, int least, int most, String arguments, String summary) {
    super("zone_" + doing, least, most, Needs.IMAGE, arguments, summary);
    this.doing = doing;
  }

  static ZoneCommand append() {
    return new ZoneCommand(
        "append",
        3,
        4,
        "offset len [len..]",
        "append write a number of bytes at a specified offset");
  }

  static ZoneCommand report() {
    return new ZoneCommand("report", 2, 2, "offset number", "report zone information");
  }

  static ZoneCommand open() {
    return new ZoneCommand(
        "open", 2, 2, "offset len", "explicit open a range of zones in zone block device");
  }

  static ZoneCommand close() {
    return new ZoneCommand(
        "close", 2, 2, "offset len", "close a range of zones in zone block device");
  }

  static ZoneCommand finish() {
    return new ZoneCommand(
        "finish", 2, 2, "offset len", "finish a range of zones in zone block device");
  }

  static ZoneCommand reset() {
    return new ZoneCommand(
        "reset", 2, 2, "offset len", "reset a zone write pointer in zone block device");
  }

  @Override
  boolean run(Session session, List<String> words) {
    for (int i = 1; i < words.size(); i++) {
      if (Numbers.size(session.out(), words.get(i)) < 0) {
        return false;
      }
    }
    session.out().print("zone " + doing + " failed: " + DeviceException.UNSUPPORTED + "\n");
    return false;
  }
}
