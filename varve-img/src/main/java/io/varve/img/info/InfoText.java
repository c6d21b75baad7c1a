// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.img.text.HumanSize;
import io.varve.img.text.SnapshotText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Lays an [ImageInfo] out for people, as `qemu-img info` does.
final class InfoText {
  private static final String INDENT = "    ";

  private final StringBuilder out;

  InfoText(StringBuilder out) {
    this.out = out;
  }

  void image(ImageInfo info) {
    node("", "/", info);
  }

  /// What the format alone knows, where it knows anything.
  void specific(String indent, Map<String, Object> specific) {
    if (!specific.isEmpty()) {
      out.append(indent).append("Format specific information:\n");
      map(indent + INDENT, specific);
    }
  }

  /// @param path of the node below the image, ending in a slash
  private void node(String indent, String path, ImageInfo info) {
    boolean protocol = info.file() == null && info.others().isEmpty();
    line(indent, protocol && path.length() > 1 ? "filename" : "image", info.fileName());
    line(indent, protocol && path.length() > 1 ? "protocol type" : "file format", info.format());
    facts(indent, info, protocol && path.length() > 1);
    for (ImageInfo.Child child : info.others()) {
      out.append(indent).append("Child node '").append(path).append(child.name()).append("':\n");
      node(indent + INDENT, path + child.name() + "/", child.info());
    }
    if (info.file() != null) {
      out.append(indent).append("Child node '").append(path).append("file':\n");
      node(indent + INDENT, path + "file/", info.file());
    }
  }

  private void facts(String indent, ImageInfo info, boolean protocol) {
    line(
        indent,
        protocol ? "file length" : "virtual size",
        HumanSize.of(info.virtualSize()) + " (" + info.virtualSize() + " bytes)");
    line(
        indent,
        "disk size",
        info.actualSize() < 0 ? "unavailable" : HumanSize.of(info.actualSize()));
    if (info.encrypted()) {
      line(indent, "encrypted", "yes");
    }
    if (info.clusterSize() > 0) {
      line(indent, "cluster_size", Integer.toString(info.clusterSize()));
    }
    if (info.dirty()) {
      line(indent, "cleanly shut down", "no");
    }
    backing(indent, info);
    if (!info.snapshots().isEmpty()) {
      out.append(SnapshotText.table(snapshots(info)));
    }
    specific(indent, info.specific());
  }

  private void backing(String indent, ImageInfo info) {
    String name = info.backingName();
    if (name == null) {
      return;
    }
    String full = info.fullBackingName();
    String actual =
        full == null
            ? " (cannot determine actual path)"
            : full.equals(name) ? "" : " (actual path: " + full + ")";
    line(indent, "backing file", name + actual);
    if (info.backingFormat() != null) {
      line(indent, "backing file format", info.backingFormat());
    }
  }

  private static List<InternalSnapshot> snapshots(ImageInfo info) {
    List<InternalSnapshot> all = new ArrayList<>();
    for (SnapshotEntry entry : info.snapshots()) {
      all.add(
          new InternalSnapshot(
              entry.id(),
              entry.name(),
              Instant.ofEpochSecond(entry.seconds() & 0xffff_ffffL),
              entry.vmStateSize(),
              entry.diskSize(),
              entry.vmClock(),
              entry.icount(),
              null));
    }
    return all;
  }

  private void line(String indent, String key, String value) {
    out.append(indent).append(key).append(": ").append(value).append('\n');
  }

  private void map(String indent, Map<?, ?> map) {
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      value(indent, String.valueOf(entry.getKey()).replace('-', ' '), entry.getValue());
    }
  }

  private void value(String indent, String key, Object value) {
    out.append(indent).append(key).append(':');
    if (value instanceof Map<?, ?> map) {
      out.append('\n');
      map(indent + INDENT, map);
    } else if (value instanceof List<?> list) {
      out.append('\n');
      int index = 0;
      for (Object element : list) {
        value(indent + INDENT, "[" + index + "]", element);
        index++;
      }
    } else {
      out.append(' ').append(value).append('\n');
    }
  }
}
