// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.KeyValues;
import io.varve.img.args.OptionTree;
import org.jspecify.annotations.Nullable;

/// Gathers how to open an image, from the program's command line or from the command `open`.
public final class OpenOptions {
  private final OptionTree options = new OptionTree();
  private boolean readOnly;
  private boolean snapshot;
  private boolean copyOnRead;
  private boolean forceShare;
  private boolean nativeIo;
  private boolean unmap = true;
  private CacheMode cache = CacheMode.DEFAULT;

  /// Takes one of the options that both know; false if it is another.
  ///
  /// @param argument its value, empty where it has none
  public boolean take(int option, String argument) throws ImgException {
    switch (option) {
      case 'r' -> readOnly = true;
      case 's' -> snapshot = true;
      case 'n' -> cache = CacheMode.NONE;
      case 'C' -> copyOnRead = true;
      case 'U' -> forceShare = true;
      case 'k' -> nativeIo = true;
      case 'i' -> aio(argument);
      case 'd' -> discard(argument);
      case 't' -> {
        CacheMode mode = CacheMode.of(argument);
        if (mode == null) {
          throw new ImgException("Invalid cache option: " + argument);
        }
        cache = mode;
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void aio(String mode) throws ImgException {
    switch (mode) {
      case "threads", "io_uring" -> {}
      case "native" -> nativeIo = true;
      default -> throw new ImgException("Invalid aio option: " + mode);
    }
  }

  private void discard(String mode) throws ImgException {
    unmap =
        switch (mode) {
          case "ignore", "off" -> false;
          case "unmap", "on" -> true;
          default -> throw new ImgException("Invalid discard option: " + mode);
        };
  }

  /// Takes an option string of the image; a later value of a key counts.
  public void add(Console console, String text) throws ImgException {
    parse(console, text, options);
  }

  /// Reads an option string; warns of what stands there without a value.
  static void parse(Console console, String text, OptionTree to) throws ImgException {
    for (KeyValues.Entry entry : KeyValues.parse(text, null).entries()) {
      if (entry.shortForm() != null) {
        console.warning("short-form boolean option '" + entry.shortForm() + "' deprecated");
        console.line("Please use " + entry.key() + "=" + entry.value() + " instead");
      }
      if (entry.key().equals("id")) {
        throw new ImgException("Invalid parameter 'id'");
      }
      to.put(entry.key(), entry.value());
    }
  }

  /// Sets one option of the image.
  public void put(String key, String value) {
    options.put(key, value);
  }

  /// @param name the file, null where the options name it
  public OpenRequest request(@Nullable String name) throws ImgException {
    if (nativeIo && !cache.direct()) {
      throw new ImgException(
              "aio=native was specified, but it requires cache.direct=on, which was not specified.")
          .after("can't open" + (name == null ? "" : " device " + name));
    }
    OpenMode mode =
        new OpenMode(!readOnly, snapshot, cache.writethrough(), cache.unsafe(), unmap, copyOnRead);
    return new OpenRequest(name, options, mode, cache.name(), forceShare);
  }
}
