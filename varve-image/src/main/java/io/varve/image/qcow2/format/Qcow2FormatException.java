// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Bytes that are not what the format asks for, or that ask for something Varve does not do.
///
/// The message reads `structure at offset: what, expected, found`; the caller, who knows the file,
/// puts its name in front. The wording of `what` is QEMU's where QEMU has one.
public final class Qcow2FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /// What a caller can do about it.
  public enum Kind {
    /// It is something else: open it as what it is.
    NOT_QCOW2,
    /// A sound image that Varve refuses by name: the message has the reason and the cure.
    UNSUPPORTED,
    /// Damaged, truncated or hostile: check it, or restore it.
    CORRUPT
  }

  private final String message;
  private final String what;
  private final Kind kind;
  private final String structure;
  private final long offset;
  private final @Nullable String expected;
  private final @Nullable String found;

  private Qcow2FormatException(
      Kind kind,
      String structure,
      long offset,
      String what,
      @Nullable String expected,
      @Nullable String found) {
    String text = message(structure, offset, what, expected, found);
    super(text);
    this.message = text;
    this.what = what;
    this.kind = kind;
    this.structure = structure;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }

  public static Qcow2FormatException notQcow2(String expected, String found) {
    return new Qcow2FormatException(
        Kind.NOT_QCOW2, "header", 0, "Image is not in qcow2 format", expected, found);
  }

  public static Qcow2FormatException corrupt(
      String structure, long offset, String what, Object expected, Object found) {
    return new Qcow2FormatException(
        Kind.CORRUPT, structure, offset, what, expected.toString(), found.toString());
  }

  public static Qcow2FormatException truncated(String structure, long offset, long need, long has) {
    return corrupt(structure, offset, "truncated", need + " bytes", has + " bytes");
  }

  /// @param what names the feature, the reason and the cure
  public static Qcow2FormatException unsupported(String structure, long offset, String what) {
    return new Qcow2FormatException(Kind.UNSUPPORTED, structure, offset, what, null, null);
  }

  /// @param what names the feature
  /// @param cure the reason and the cure
  public static Qcow2FormatException unsupported(
      String structure, long offset, String what, String cure) {
    return new Qcow2FormatException(Kind.UNSUPPORTED, structure, offset, what, cure);
  }

  private Qcow2FormatException(Kind kind, String structure, long offset, String what, String cure) {
    String text = message(structure, offset, what, null, null) + "; " + cure;
    super(text);
    this.message = text;
    this.what = what;
    this.kind = kind;
    this.structure = structure;
    this.offset = offset;
    this.expected = null;
    this.found = null;
  }

  private static String message(
      String structure,
      long offset,
      String what,
      @Nullable String expected,
      @Nullable String found) {
    StringBuilder text = new StringBuilder();
    text.append(structure).append(" at ").append(offset).append(": ").append(what);
    if (expected != null) {
      text.append(", expected ").append(expected);
    }
    if (found != null) {
      text.append(", found ").append(found);
    }
    return text.toString();
  }

  @Override
  public String getMessage() {
    return message;
  }

  /// What is wrong, without where and why: QEMU's own words where QEMU refuses the same.
  public String what() {
    return what;
  }

  public Kind kind() {
    return kind;
  }

  /// The structure: `header`, `header extension`, `snapshot table` and so on.
  public String structure() {
    return structure;
  }

  /// Host offset of the damaged field, in bytes.
  public long offset() {
    return offset;
  }

  public @Nullable String expected() {
    return expected;
  }

  public @Nullable String found() {
    return found;
  }
}
