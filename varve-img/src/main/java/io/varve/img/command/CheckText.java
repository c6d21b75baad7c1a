// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.qcow2.check.CheckReport;
import io.varve.img.text.JsonWriter;

/// What `check` prints of a report.
final class CheckText {
  private CheckText() {}

  static String repaired(long corruptions, long leaks) {
    return "The following inconsistencies were found and repaired:\n\n    "
        + leaks
        + " leaked clusters\n    "
        + corruptions
        + " corruptions\n\nDouble checking the fixed image now...\n";
  }

  static String human(CheckReport report) {
    StringBuilder out = new StringBuilder();
    if (report.corruptions() + report.leaks() + report.checkErrors() == 0) {
      out.append("No errors were found on the image.\n");
    }
    if (report.corruptions() > 0) {
      out.append('\n')
          .append(report.corruptions())
          .append(" errors were found on the image.\nData may be corrupted, or further writes to")
          .append(" the image may corrupt it.\n");
    }
    if (report.leaks() > 0) {
      out.append('\n')
          .append(report.leaks())
          .append(" leaked clusters were found on the image.\nThis means waste of disk space, but")
          .append(" no harm to data.\n");
    }
    if (report.checkErrors() > 0) {
      out.append('\n')
          .append(report.checkErrors())
          .append(" internal errors have occurred during the check.\n");
    }
    statistics(out, report);
    return out.toString();
  }

  private static void statistics(StringBuilder out, CheckReport report) {
    long total = report.totalClusters();
    long allocated = report.allocatedClusters();
    if (total != 0 && allocated != 0) {
      out.append(allocated).append('/').append(total).append(" = ");
      percent(out, allocated, total).append("% allocated, ");
      percent(out, report.fragmentedClusters(), allocated).append("% fragmented, ");
      percent(out, report.compressedClusters(), allocated).append("% compressed clusters\n");
    }
    if (report.imageEndOffset() > 0) {
      out.append("Image end offset: ").append(report.imageEndOffset()).append('\n');
    }
  }

  /// With two decimals, as C rounds them.
  private static StringBuilder percent(StringBuilder out, long part, long whole) {
    long hundredths = (long) Math.rint(part * 10000.0 / whole);
    long rest = hundredths % 100;
    return out.append(hundredths / 100).append(rest < 10 ? ".0" : ".").append(rest);
  }

  static String json(
      CheckReport report, long corruptionsFixed, long leaksFixed, String file, String format) {
    JsonWriter json = new JsonWriter();
    json.beginObject();
    nonZero(json, "image-end-offset", report.imageEndOffset());
    nonZero(json, "compressed-clusters", report.compressedClusters());
    nonZero(json, "total-clusters", report.totalClusters());
    nonZero(json, "corruptions", report.corruptions());
    nonZero(json, "corruptions-fixed", corruptionsFixed);
    json.field("check-errors", report.checkErrors());
    nonZero(json, "leaks-fixed", leaksFixed);
    nonZero(json, "leaks", report.leaks());
    nonZero(json, "allocated-clusters", report.allocatedClusters());
    json.field("filename", file);
    json.field("format", format);
    nonZero(json, "fragmented-clusters", report.fragmentedClusters());
    json.endObject();
    return json.text();
  }

  private static void nonZero(JsonWriter json, String name, long value) {
    if (value != 0) {
      json.field(name, value);
    }
  }
}
