// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import org.jspecify.annotations.Nullable;

/// What shall be opened: a file name, options, or both.
///
/// @param fileName null where the options name the file
record NodeRequest(@Nullable String fileName, OptionTree options) {
  static NodeRequest of(ImageSpec spec) throws ImgException {
    OptionTree options = new OptionTree();
    String fileName = spec.name();
    if (spec.format() != null) {
      options.put("driver", spec.format());
    }
    if (spec.imageOpts()) {
      options = OptionTree.ofText(spec.name(), "file");
      return new NodeRequest(null, options);
    }
    return of(fileName, options);
  }

  /// A name that may be `json:`, with options that come before those in it.
  ///
  /// @param fileName null where the options name the file
  static NodeRequest of(@Nullable String fileName, OptionTree options) throws ImgException {
    if (fileName == null || !fileName.startsWith("json:")) {
      return new NodeRequest(fileName, options);
    }
    OptionTree named;
    try {
      named = OptionTree.ofJson(fileName.substring(5));
    } catch (ImgException e) {
      throw e.text().equals(OptionTree.NO_OBJECT) ? e : e.after("Could not parse the JSON options");
    }
    options.join(named);
    return new NodeRequest(null, options);
  }
}
