// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.ImageSpec;
import io.varve.img.text.JsonWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tells of an image, and of its backing files where that is asked for.
public final class InfoPrinter {
  private InfoPrinter() {}

  /// @param chain the backing files too, each opened by the name that the one above gives
  /// @param asJson for programs
  public static void print(
      Console console, InfoReader reader, ImageSpec image, boolean chain, boolean asJson)
      throws ImgException {
    List<ImageInfo> all = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    ImageSpec next = image;
    while (next != null) {
      if (!seen.add(next.name())) {
        throw new ImgException("Backing file '" + next.name() + "' creates an infinite loop.");
      }
      ImageInfo info = reader.read(next);
      all.add(info);
      next = chain ? below(info) : null;
    }
    console.out().print(asJson ? json(all, chain) : text(all));
  }

  private static @Nullable ImageSpec below(ImageInfo info) {
    String name = info.fullBackingName();
    return name == null ? null : ImageSpec.of(name, info.backingFormat());
  }

  private static String text(List<ImageInfo> all) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < all.size(); i++) {
      if (i > 0) {
        out.append('\n');
      }
      new InfoText(out).image(all.get(i));
    }
    return out.toString();
  }

  private static String json(List<ImageInfo> all, boolean chain) {
    JsonWriter json = new JsonWriter();
    if (chain) {
      json.beginArray();
    }
    for (ImageInfo info : all) {
      new InfoJson(json).image(info);
    }
    if (chain) {
      json.endArray();
    }
    return json.text();
  }
}
