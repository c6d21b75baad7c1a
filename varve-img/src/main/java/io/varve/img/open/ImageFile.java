// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.Layer;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.NodeOpener.FoundNode;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// An image of which only the file is open: its format is known by name, but not entered.
public final class ImageFile implements Closeable {
  private final FoundNode node;
  private NodeName rawName;

  ImageFile(FoundNode node) {
    this.node = node;
    this.rawName = node.file().name();
  }

  /// The format; `file` or `host_device` where the options name no format at all.
  public String driver() {
    return node.driver();
  }

  /// True if nobody said the format.
  public boolean probed() {
    return node.probed();
  }

  /// The file itself.
  public Storage file() {
    return node.file().bottom().storage();
  }

  /// What the image's bytes lie in: the file, or a part of it.
  public Storage storage() {
    return node.file().storage();
  }

  /// The image itself, for one of a format that is only read; it takes the file over.
  public Layer openForeign(Console console, boolean forceShare) throws ImgException, IOException {
    return new ForeignImages(console, node, OpenHow.readOnly().withForceShare(forceShare)).open();
  }

  /// The part of the file that is the disk, for a raw image.
  public Storage rawPart() throws ImgException {
    FileNode part = RawOptions.cut(node.file(), node.options());
    rawName = part.name();
    return part.storage();
  }

  /// Takes the options of the qcow2 driver; answers those that change what is read.
  public Map<String, String> takeQcow2Options() throws ImgException, IOException {
    Qcow2NodeOptions options = Qcow2NodeOptions.take(node.options());
    options.requireFits(node.file().storage());
    return options.telling();
  }

  /// The file's name as it was given, without a protocol.
  public String plainFileName() {
    return node.file().fileName();
  }

  /// A node that the image's bytes lie in, as information about the image names it.
  ///
  /// @param name as QEMU shows it
  /// @param role `file` or `image`: what it is to the node above
  public record Part(String driver, String name, Storage storage, String role) {}

  /// The nodes between the image and the disk, the image's own file first.
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    String role = "file";
    for (FileNode part = node.file(); part != null; part = part.child()) {
      String name = part.child() == null ? part.fileName() : part.name().text();
      name = FileNode.isNull(part.driver()) ? part.name().text() : name;
      parts.add(new Part(part.driver(), name, part.storage(), role));
      role = part.driver().equals("blkdebug") ? "image" : "file";
    }
    return parts;
  }

  /// The name of the image, as QEMU shows it.
  ///
  /// @param telling options that change what is read
  public String shownName(Map<String, String> telling) {
    return driver().equals("raw")
        ? rawName.text()
        : NodeName.ofFormat(driver(), node.file().name(), telling, null).text();
  }

  @Override
  public void close() throws IOException {
    node.file().storage().close();
  }
}
