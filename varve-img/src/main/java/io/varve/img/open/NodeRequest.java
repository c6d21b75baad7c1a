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
    if (spec.imageOpts()) {
      options = OptionTree.ofText(spec.name(), "file");
      fileName = null;
    } else if (spec.name().startsWith("json:")) {
      try {
        options = OptionTree.ofJson(spec.name().substring(5));
      } catch (ImgException e) {
        throw e.after("Could not parse the JSON options");
      }
      fileName = null;
    }
    if (spec.format() != null) {
      options.put("driver", spec.format());
    }
    return new NodeRequest(fileName, options);
  }

  /// @param name a file name or a `json:` name, null where the options name the file
  static NodeRequest of(@Nullable String name, OptionTree options) throws ImgException {
    if (name == null || !name.startsWith("json:")) {
      return new NodeRequest(name, options);
    }
    options.join(of(new ImageSpec(name, null, false)).options());
    return new NodeRequest(null, options);
  }
}
