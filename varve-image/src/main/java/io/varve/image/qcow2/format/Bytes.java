// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Bytes that never change: what a codec has read and does not interpret, compared by content.
public final class Bytes {
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private static final int SHOWN = 16;

  private final byte[] content;

  private Bytes(byte[] content) {
    this.content = content;
  }

  public static Bytes of(byte[] content) {
    return content.length == 0 ? EMPTY : new Bytes(content.clone());
  }

  public static Bytes utf8(String text) {
    return new Bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Takes the next `length` bytes of `src`, moving its position past them.
  public static Bytes take(ByteBuffer src, int length) {
    byte[] content = new byte[length];
    src.get(content);
    return new Bytes(content);
  }

  public int length() {
    return content.length;
  }

  public boolean isEmpty() {
    return content.length == 0;
  }

  /// A read-only view, big endian, from the first byte to the last.
  public ByteBuffer buffer() {
    return ByteBuffer.wrap(content).asReadOnlyBuffer();
  }

  public byte[] toArray() {
    return content.clone();
  }

  public void putTo(ByteBuffer dst) {
    dst.put(content);
  }

  /// What comes before the first NUL: as far as a program written in C reads a text.
  public Bytes untilNul() {
    for (int i = 0; i < content.length; i++) {
      if (content[i] == 0) {
        return new Bytes(Arrays.copyOf(content, i));
      }
    }
    return this;
  }

  /// The text, or null where these bytes are not a name: not UTF-8, or with a NUL inside.
  public @Nullable String asName() {
    for (byte b : content) {
      if (b == 0) {
        return null;
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(buffer()).toString();
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  /// The text for a message; what is not UTF-8 shows as replacement characters.
  public String asText() {
    return new String(content, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Bytes that && Arrays.equals(content, that.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  @Override
  public String toString() {
    int shown = Math.min(content.length, SHOWN);
    String hex = HexFormat.of().formatHex(content, 0, shown);
    return content.length + " bytes " + hex + (shown < content.length ? "..." : "");
  }
}
