// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `reopen`: the open image in another way.
final class ReopenCommand extends ShellCommand {
  private @Nullable Boolean writable;
  private @Nullable CacheMode cache;

  ReopenCommand() {
    super(
        "reopen",
        0,
        ANY,
        Needs.IMAGE,
        "[(-r|-w)] [-c cache] [-o options]",
        "reopens an image with new options");
  }

  @Override
  String help() {
    return HelpTexts.REOPEN;
  }

  @Override
  boolean run(Session session, List<String> words) throws ImgException {
    OptionTree changes = new OptionTree();
    CLikeOptions options = options(session, words, "c:o:rw");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'c' -> {
          cache = CacheMode.of(options.argument());
          if (cache == null) {
            throw new ImgException("Invalid cache option: " + options.argument());
          }
        }
        case 'o' -> OpenOptions.parse(session.console(), options.argument(), changes);
        case 'r', 'w' -> {
          if (writable != null) {
            throw new ImgException("Only one -r/-w option may be given");
          }
          writable = c == 'w';
        }
        default -> {
          return misused(session);
        }
      }
    }
    if (!options.operands().isEmpty()) {
      return misused(session);
    }
    session.reopen(changed(session.openedBy(), changes));
    return true;
  }

  private OpenRequest changed(OpenRequest old, OptionTree changes) throws ImgException {
    OpenMode mode = old.mode();
    if (changes.has("read-only")) {
      if (writable != null) {
        throw new ImgException("Cannot set both -r/-w and 'read-only'");
      }
      writable = !changes.takeSwitch("read-only", false);
      if (mode.writable() && !writable) {
        // The shell itself stays a writer, other than with -r.
        throw new ImgException("Read-only block node '#block042' cannot support read-write users");
      }
    }
    if (writable != null) {
      mode = mode.withWritable(writable);
    }
    if (changes.has("cache.direct") || changes.has("cache.no-flush")) {
      if (cache != null) {
        throw new ImgException("Cannot set both -c and the cache options");
      }
      changes.takeSwitch("cache.direct", false);
      mode = mode.withUnsafe(changes.takeSwitch("cache.no-flush", mode.unsafe()));
    }
    if (cache != null) {
      mode = mode.withCache(cache);
    }
    mode = mode.withUnmap(unmap(changes, mode.unmap()));
    OptionTree tree = old.options().copy();
    tree.take("read-only");
    for (var change : changes.entries().entrySet()) {
      requireChangeable(old.options(), change.getKey(), String.valueOf(change.getValue()));
      tree.put(change.getKey(), String.valueOf(change.getValue()));
    }
    return new OpenRequest(
        old.name(), tree, mode, cache == null ? old.cache() : cache.name(), old.forceShare());
  }

  private static boolean unmap(OptionTree changes, boolean otherwise) throws ImgException {
    String discard = changes.take("discard");
    if (discard == null) {
      return otherwise;
    }
    return switch (discard) {
      case "ignore", "off" -> false;
      case "unmap", "on" -> true;
      default -> throw new ImgException("Invalid discard option");
    };
  }

  private static void requireChangeable(OptionTree old, String key, String value)
      throws ImgException {
    if (value.equals(old.get(key))) {
      return;
    }
    switch (key) {
      case "lazy-refcounts",
          "overlap-check",
          "overlap-check.template",
          "pass-discard-request",
          "pass-discard-snapshot",
          "pass-discard-other",
          "discard-no-unref",
          "cache-size",
          "l2-cache-size",
          "l2-cache-entry-size",
          "refcount-cache-size",
          "cache-clean-interval",
          "detect-zeroes",
          "auto-read-only",
          "size",
          "offset" -> {}
      case "driver" -> {
        if (!"qcow2".equals(value) || old.get(key) != null) {
          throw unchangeable(key);
        }
      }
      case "file.driver" -> {
        if (!value.equals("file")) {
          throw unchangeable("driver");
        }
      }
      default -> {
        if (!key.startsWith("overlap-check.")) {
          throw unchangeable(key.startsWith("file.") ? key.substring(5) : key);
        }
      }
    }
  }

  private static ImgException unchangeable(String key) {
    return new ImgException("Cannot change the option '" + key + "'");
  }
}
