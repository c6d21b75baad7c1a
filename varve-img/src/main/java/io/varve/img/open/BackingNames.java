// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;

/// Names of backing files: what an image says, and what it means where the image lies.
public final class BackingNames {
  private BackingNames() {}

  /// The name to open for the backing file that the image of that name gives: a relative one is
  /// meant from the image's folder.
  ///
  /// @param image name of the image as the user gave it, with `file:` perhaps
  /// @throws ImgException if the image's name tells no folder
  public static String full(String image, String backing) throws ImgException {
    if (backing.isEmpty() || backing.startsWith("/") || Protocols.hasProtocol(backing)) {
      return backing;
    }
    if (image.isEmpty() || image.startsWith("json:")) {
      throw new ImgException("Cannot use relative backing file names for '" + image + "'");
    }
    return besides(image, backing);
  }

  /// A plain file name, meant from the folder of `image`.
  public static String besides(String image, String name) {
    if (name.startsWith("/")) {
      return name;
    }
    int from = image.startsWith("file:") ? 5 : 0;
    int slash = image.lastIndexOf('/');
    return slash < from ? name : image.substring(0, slash + 1) + name;
  }
}
