// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.qcow2.OverlapRules;
import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.create.OptionValues;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The options of QEMU's qcow2 driver when it opens an image. What only tunes QEMU's own caches is
/// checked and has no effect here.
///
/// @param encrypt how the image is encrypted, and by whose key
/// @param dataFile options of the external data file where they replace what the image says
/// @param dataNode name of a node that shall be the data file, of which there is none
/// @param lazyRefcounts counts may lag behind, which version 2 cannot say
/// @param cacheEntry bytes of one piece of an L2 table in QEMU's cache, -1 where it is not said
/// @param discardNoUnref discarded clusters keep their place
/// @param overlapRules against what each write is checked
/// @param telling what changes what is read, as it was given
record Qcow2NodeOptions(
    EncryptRequest encrypt,
    OptionTree dataFile,
    @Nullable String dataNode,
    boolean discardNoUnref,
    boolean lazyRefcounts,
    long cacheEntry,
    OverlapRules overlapRules,
    Map<String, String> telling) {
  private static final int MAGIC = 0x514649fb;
  private static final int VERSION_AT = 4;
  private static final int CLUSTER_BITS_AT = 20;
  private static final int HEADER = 36;
  private static final int MIN_BITS = 9;
  private static final int MAX_BITS = 21;
  private static final String[] SWITCHES = {
    "pass-discard-request", "pass-discard-snapshot", "pass-discard-other"
  };
  private static final Set<String> OVERLAP_CHECKS = Set.of("none", "constant", "cached", "all");
  private static final String[] OVERLAPS = {
    "main-header",
    "active-l1",
    "active-l2",
    "refcount-table",
    "refcount-block",
    "snapshot-table",
    "inactive-l1",
    "inactive-l2",
    "bitmap-directory"
  };

  static Qcow2NodeOptions take(OptionTree options) throws ImgException {
    for (String name : SWITCHES) {
      options.takeSwitch(name, false);
    }
    boolean lazy = options.takeSwitch("lazy-refcounts", false);
    boolean noUnref = options.takeSwitch("discard-no-unref", false);
    OverlapRules rules = takeOverlapCheck(options);
    long cacheEntry = takeSize(options, "l2-cache-entry-size");
    takeCaches(options);
    Map<String, String> telling = new LinkedHashMap<>();
    EncryptRequest encrypt = EncryptRequest.take(options, telling);
    OptionTree dataFile = options.takeBranch("data-file");
    String dataNode = options.take("data-file");
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException("Block format 'qcow2' does not support the option '" + left + "'");
    }
    return new Qcow2NodeOptions(
        encrypt, dataFile, dataNode, noUnref, lazy, cacheEntry, rules, telling);
  }

  /// @throws ImgException if the image cannot be used as the options say
  void requireFits(Storage image) throws ImgException, IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    image.read(0, header);
    int bits = header.getInt(CLUSTER_BITS_AT);
    if (header.getInt(0) != MAGIC || bits < MIN_BITS || bits > MAX_BITS) {
      return;
    }
    long cluster = 1L << bits;
    if (cacheEntry >= 0
        && (cacheEntry < 512 || cacheEntry > cluster || Long.bitCount(cacheEntry) != 1)) {
      throw new ImgException(
          "L2 cache entry size must be a power of two between 512 and the cluster size ("
              + cluster
              + ")");
    }
    if (lazyRefcounts && header.getInt(VERSION_AT) < 3) {
      throw new ImgException(
          "Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level");
    }
    encrypt.requireFits(image);
  }

  private static OverlapRules takeOverlapCheck(OptionTree options) throws ImgException {
    String whole = options.take("overlap-check");
    String template = options.take("overlap-check.template");
    if (whole != null && template != null && !whole.equals(template)) {
      throw new ImgException(
          "Conflicting values for qcow2 options 'overlap-check' ('"
              + whole
              + "') and 'overlap-check.template' ('"
              + template
              + "')");
    }
    String value = whole != null ? whole : template;
    if (value != null && !OVERLAP_CHECKS.contains(value)) {
      throw new ImgException(
          "Unsupported value '"
              + value
              + "' for qcow2 option 'overlap-check'. Allowed are any of the following: none,"
              + " constant, cached, all");
    }
    OverlapRules rules =
        value == null
            ? OverlapRules.CACHED
            : switch (value) {
              case "none" -> OverlapRules.NONE;
              case "constant" -> OverlapRules.CONSTANT;
              case "all" -> OverlapRules.ALL;
              default -> OverlapRules.CACHED;
            };
    boolean[] on = new boolean[OVERLAPS.length];
    for (int i = 0; i < on.length; i++) {
      on[i] = options.takeSwitch("overlap-check." + OVERLAPS[i], isOn(rules, i));
    }
    return new OverlapRules(on[0], on[1], on[2], on[4], on[3], on[5], on[6], on[7], on[8]);
  }

  /// What the template says of the structure with this index in the list of options.
  private static boolean isOn(OverlapRules rules, int index) {
    return switch (index) {
      case 0 -> rules.mainHeader();
      case 1 -> rules.activeL1();
      case 2 -> rules.activeL2();
      case 3 -> rules.refcountTable();
      case 4 -> rules.refcountBlock();
      case 5 -> rules.snapshotTable();
      case 6 -> rules.inactiveL1();
      case 7 -> rules.inactiveL2();
      default -> rules.bitmapDirectory();
    };
  }

  private static void takeCaches(OptionTree options) throws ImgException {
    long total = takeSize(options, "cache-size");
    long l2 = takeSize(options, "l2-cache-size");
    long refcounts = takeSize(options, "refcount-cache-size");
    String interval = options.take("cache-clean-interval");
    if (interval != null && OptionValues.number("cache-clean-interval", interval) >>> 32 != 0) {
      throw new ImgException("Cache clean interval too big");
    }
    if (total >= 0 && l2 >= 0 && refcounts >= 0) {
      throw new ImgException(
          "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time");
    }
    if (total >= 0 && l2 > total) {
      throw new ImgException("l2-cache-size may not exceed cache-size");
    }
    if (total >= 0 && refcounts > total) {
      throw new ImgException("refcount-cache-size may not exceed cache-size");
    }
  }

  private static long takeSize(OptionTree options, String key) throws ImgException {
    String value = options.take(key);
    return value == null ? -1 : OptionValues.size(key, value);
  }
}
