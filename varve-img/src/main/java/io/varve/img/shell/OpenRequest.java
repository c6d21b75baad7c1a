// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.chain.Chain;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import org.jspecify.annotations.Nullable;

/// An image that somebody asked for.
///
/// @param name the file, null where the options name it
/// @param options of the image, never changed here
/// @param cache the cache mode's name
/// @param forceShare take no notice of others' locks
public record OpenRequest(
    @Nullable String name, OptionTree options, OpenMode mode, String cache, boolean forceShare) {
  Device open(Session session) throws ImgException {
    OptionTree tree = options.copy();
    OpenMode mode = isOff(tree.get("read-only")) ? this.mode.withWritable(true) : this.mode;
    if (forceShare) {
      tree.put("force-share", "on");
    }
    if (forceShare && mode.writable()) {
      throw new ImgException("force-share=on can only be used with read-only images");
    }
    if (mode.copyOnRead() && !mode.writable()) {
      throw new ImgException("Can't use copy-on-read on read-only device");
    }
    if (mode.writable() && readOnly(tree)) {
      throw new ImgException("Block node is read-only");
    }
    boolean probed = tree.get("driver") == null && (name == null || !name.startsWith("json:"));
    OpenHow how =
        OpenHow.readOnly().withWritable(mode.writable() && !mode.snapshot()).withCache(cache);
    OpenedImage image =
        session.images().openNode(name, tree, forceShare ? how.withForceShare(true) : how);
    Chain chain = mode.snapshot() ? Scratch.over(image) : image.chain();
    return new Device(image, chain, mode, probed);
  }

  /// The option says more than the letter.
  private static boolean isOff(@Nullable String value) {
    return value != null && (value.equals("off") || value.equals("false") || value.equals("no"));
  }

  private static boolean readOnly(OptionTree options) {
    String value = options.get("read-only");
    return value != null && (value.equals("on") || value.equals("true") || value.equals("yes"));
  }
}
