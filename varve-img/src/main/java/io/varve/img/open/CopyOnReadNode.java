// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;

/// The driver `copy-on-read`, which stands before an image: `driver=copy-on-read,file.driver=qcow2,
/// file.file.filename=…`.
final class CopyOnReadNode {
  private static final String DRIVER = "copy-on-read";

  private CopyOnReadNode() {}

  /// The request for the image behind the node; the same request where there is none.
  static NodeRequest unwrap(NodeRequest request, boolean writable) throws ImgException {
    OptionTree options = request.options();
    if (!DRIVER.equals(options.get("driver"))) {
      return request;
    }
    options.take("driver");
    GenericOptions generic = GenericOptions.take(options);
    OptionTree inner = options.takeBranch("file");
    if (inner.isEmpty() && request.fileName() == null) {
      throw new ImgException("A block device must be specified for \"file\"");
    }
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException(
          "Block format '" + DRIVER + "' does not support the option '" + left + "'");
    }
    if (!writable || generic.readOnly()) {
      throw new ImgException("Block node is read-only");
    }
    return new NodeRequest(request.fileName(), inner);
  }
}
