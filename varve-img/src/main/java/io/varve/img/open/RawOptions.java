// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.create.OptionValues;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of the raw driver: which part of a file is the image.
final class RawOptions {
  private RawOptions() {}

  /// The part of `inner` that the options name, which may be all of it.
  static FileNode cut(FileNode inner, OptionTree options) throws ImgException {
    Map<String, String> telling = new LinkedHashMap<>();
    long offset = take(options, "offset", telling);
    long size = take(options, "size", telling);
    GenericOptions.take(options);
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException("Block format 'raw' does not support the option '" + left + "'");
    }
    NodeName name = NodeName.ofFormat("raw", inner.name(), telling, null);
    if (telling.isEmpty()) {
      return new FileNode("raw", inner.fileName(), inner.file(), inner.storage(), name, inner);
    }
    Storage part = slice(inner.storage(), Math.max(0, offset), size);
    return new FileNode("raw", inner.fileName(), inner.file(), part, name, inner);
  }

  private static Storage slice(Storage whole, long offset, long size) throws ImgException {
    long total;
    try {
      total = whole.size();
    } catch (IOException e) {
      throw new ImgException(Failures.reason(e));
    }
    if (offset > total) {
      throw new ImgException(
          "Offset ("
              + offset
              + ") cannot be greater than size of the containing file ("
              + total
              + ")");
    }
    if (size >= 0 && total - offset < size) {
      throw new ImgException(
          "The sum of offset ("
              + offset
              + ") and size ("
              + size
              + ") has to be smaller or equal to the  actual size of the containing file ("
              + total
              + ")");
    }
    if (size >= 0 && size % 512 != 0) {
      throw new ImgException("Specified size is not multiple of 512");
    }
    return new SlicedStorage(whole, offset, size);
  }

  private static long take(OptionTree options, String key, Map<String, String> telling)
      throws ImgException {
    @Nullable String value = options.take(key);
    if (value == null) {
      return -1;
    }
    telling.put(key, value);
    return OptionValues.size(key, value);
  }
}
