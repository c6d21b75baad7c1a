// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

/// Tells whether the beginning of a disk would make its raw image look like another format.
final class KnownMagic {
  private static final byte[][] MAGICS = {
    {'Q', 'F', 'I', (byte) 0xfb},
    {'Q', 'E', 'D', 0},
    {'K', 'D', 'M', 'V'},
    {'C', 'O', 'W', 'D'},
    {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'},
    {'v', 'h', 'd', 'x', 'f', 'i', 'l', 'e'},
    {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe},
  };

  private KnownMagic() {}

  static boolean begins(byte[] bytes, int length) {
    for (byte[] magic : MAGICS) {
      if (length >= magic.length
          && java.util.Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length)) {
        return true;
      }
    }
    return false;
  }
}
