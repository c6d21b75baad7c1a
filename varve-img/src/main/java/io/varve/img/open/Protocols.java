// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;

/// The word before a file name's first colon.
public final class Protocols {
  private Protocols() {}

  /// True if the name begins with `word:`, a slash not coming before the colon.
  public static boolean hasProtocol(String name) {
    int colon = name.indexOf(':');
    int slash = name.indexOf('/');
    return colon >= 0 && (slash < 0 || colon < slash);
  }

  /// The file that a name means: `file:` may stand before it, another protocol is refused.
  public static String plainName(String name) throws ImgException {
    if (!hasProtocol(name)) {
      return name;
    }
    String protocol = name.substring(0, name.indexOf(':'));
    return switch (protocol) {
      case "file" -> name.substring(5);
      case "nbd",
          "nbd+tcp",
          "nbd+unix",
          "nbds",
          "http",
          "https",
          "ftp",
          "ftps",
          "ssh",
          "iscsi",
          "iser",
          "rbd",
          "nfs",
          "gluster",
          "nvme",
          "fat",
          "host_device",
          "host_cdrom" ->
          throw new ImgException("protocol '" + protocol + "' is not supported by Varve yet");
      case "blkdebug", "blkverify", "null-co", "null-aio" ->
          throw new ImgException(
              "Protocol driver '" + protocol + "' does not support image creation");
      default -> throw new ImgException("Unknown protocol '" + protocol + "'");
    };
  }
}
