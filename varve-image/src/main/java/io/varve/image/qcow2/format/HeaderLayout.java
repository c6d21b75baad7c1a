// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;

/// Where the parts of one header area go in the first cluster: the area (header, extensions, end
/// marker) from 0 to `areaEnd`, and the backing file name at `nameAt`, not before `areaEnd`.
record HeaderLayout(HeaderArea area, int areaEnd, int nameAt) {

  /// QEMU's layout: the name directly behind the end marker. The table of feature names gives way
  /// where it would not fit with the rest.
  static HeaderLayout natural(HeaderArea area) throws Qcow2FormatException {
    HeaderArea fitting = fitting(area);
    int end = lengthOf(fitting);
    return new HeaderLayout(fitting, end, end);
  }

  private static HeaderArea fitting(HeaderArea area) throws Qcow2FormatException {
    int clusterSize = area.header().clusterSize();
    if (lengthOf(area) + nameLength(area) <= clusterSize) {
      return area;
    }
    HeaderArea bare = area.without(HeaderExtension.FEATURE_NAMES);
    int need = lengthOf(bare) + nameLength(bare);
    if (need > clusterSize || nameLength(bare) > Limits.MAX_BACKING_NAME) {
      throw Qcow2FormatException.unsupported(
          "header",
          0,
          "header, extensions and backing file name need "
              + need
              + " bytes and do not fit a cluster of "
              + clusterSize
              + " (a name has at most 1023); use a shorter backing file name or larger clusters");
    }
    return bare;
  }

  static int lengthOf(HeaderArea area) {
    int length = area.header().encodedLength() + HeaderExtension.PREFIX;
    for (HeaderExtension extension : area.extensions()) {
      length = Math.addExact(length, extension.encodedLength());
    }
    return length;
  }

  static int nameLength(HeaderArea area) {
    Bytes name = area.backing();
    return name == null ? 0 : name.length();
  }

  HeaderLayout withNameAt(int position) {
    return new HeaderLayout(area, areaEnd, position);
  }

  int nameEnd() {
    return nameAt + nameLength(area);
  }

  /// Puts all parts into `image`, which begins with the first cluster; other bytes stay.
  void writeTo(byte[] image) {
    writeArea(image);
    writeName(image);
  }

  void writeArea(byte[] image) {
    Bytes name = area.backing();
    Header header = area.header().withBackingAt(name == null ? 0 : nameAt, nameLength(area));
    ByteBuffer out = ByteBuffer.wrap(image);
    header.encode(out);
    area.extensions().forEach(extension -> extension.encode(out));
    out.putInt(HeaderExtension.END).putInt(0);
  }

  void writeName(byte[] image) {
    Bytes name = area.backing();
    if (name != null) {
      name.putTo(ByteBuffer.wrap(image).position(nameAt));
    }
  }
}
