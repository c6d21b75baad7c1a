// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.img.text.JsonWriter;
import java.util.List;
import java.util.Map;

/// Writes an [ImageInfo] as JSON, fields in QEMU's order.
final class InfoJson {
  private static final long NANOS = 1_000_000_000L;

  private final JsonWriter json;

  InfoJson(JsonWriter json) {
    this.json = json;
  }

  void image(ImageInfo info) {
    json.beginObject();
    children(info);
    if (info.backingName() != null && info.backingFormat() != null) {
      json.field("backing-filename-format", info.backingFormat());
    }
    if (!info.snapshots().isEmpty()) {
      json.key("snapshots");
      json.beginArray();
      for (SnapshotEntry snapshot : info.snapshots()) {
        snapshot(snapshot);
      }
      json.endArray();
    }
    json.field("virtual-size", info.virtualSize());
    json.field("filename", info.fileName());
    if (info.clusterSize() > 0) {
      json.field("cluster-size", info.clusterSize());
    }
    json.field("format", info.format());
    if (info.actualSize() >= 0) {
      json.field("actual-size", info.actualSize());
    }
    if (info.formatType() != null) {
      json.key("format-specific");
      json.beginObject();
      json.field("type", info.formatType());
      json.key("data");
      value(info.specific());
      json.endObject();
    }
    if (info.fullBackingName() != null) {
      json.field("full-backing-filename", info.fullBackingName());
    }
    if (info.encrypted()) {
      json.field("encrypted", true);
    }
    if (info.backingName() != null) {
      json.field("backing-filename", info.backingName());
    }
    if (info.knowsDirty()) {
      json.field("dirty-flag", info.dirty());
    }
    json.endObject();
  }

  private void children(ImageInfo info) {
    json.key("children");
    json.beginArray();
    for (ImageInfo.Child child : info.others()) {
      child(child.name(), child.info());
    }
    if (info.file() != null) {
      child("file", info.file());
    }
    json.endArray();
  }

  private void child(String name, ImageInfo info) {
    json.beginObject();
    json.field("name", name);
    json.key("info");
    image(info);
    json.endObject();
  }

  private void snapshot(SnapshotEntry entry) {
    json.beginObject();
    if (entry.icount() != -1) {
      json.field("icount", entry.icount());
    }
    json.field("vm-clock-nsec", Long.remainderUnsigned(entry.vmClock(), NANOS));
    json.field("name", entry.name());
    json.field("date-sec", entry.seconds() & 0xffff_ffffL);
    json.field("date-nsec", entry.nanos() & 0xffff_ffffL);
    json.field("vm-clock-sec", Long.divideUnsigned(entry.vmClock(), NANOS));
    json.field("id", entry.id());
    json.field("vm-state-size", entry.vmStateSize());
    json.endObject();
  }

  // A switch over types is linked at run time, which costs a quick start its milliseconds.
  @SuppressWarnings("IfChainToSwitch")
  private void value(Object value) {
    if (value instanceof Map<?, ?> map) {
      json.beginObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        json.key(String.valueOf(entry.getKey()));
        value(entry.getValue());
      }
      json.endObject();
    } else if (value instanceof List<?> list) {
      json.beginArray();
      for (Object element : list) {
        value(element);
      }
      json.endArray();
    } else if (value instanceof Long number) {
      json.value(number);
    } else if (value instanceof Boolean truth) {
      json.value(truth);
    } else {
      json.value(String.valueOf(value));
    }
  }
}
