// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What becomes of damage that is found while an image is in use, as QEMU deals with it: the first
/// time it is told; an image that is open for writing is marked corrupt (spec: "Header",
/// incompatible bit 1) and takes no part in anything afterwards, so that the damage cannot spread.
///
/// **Threads.** Any thread that holds the layer's lock, at least its shared side.
public final class ImageDamage {
  private static final String IO_ERROR = "Input/output error";

  private final String name;
  private final Consumer<String> notices;
  private @Nullable HeaderFields header;
  private boolean told;
  private volatile boolean dead;

  /// @param notices hears QEMU's words
  public ImageDamage(String name, Consumer<String> notices) {
    this.name = name;
    this.notices = notices;
  }

  /// Says that the image is open for writing, and where its mark is set.
  public void attachHeader(HeaderFields fields) {
    this.header = fields;
  }

  /// Damage that makes it unsafe to go on. Returns what to throw.
  public CorruptImageException fatal(String what) {
    CorruptImageException found =
        ImageException.inWords(
            IO_ERROR, new CorruptImageException(name + ": " + what + "; run a check"));
    synchronized (this) {
      HeaderFields fields = header;
      if (dead || (fields == null && told)) {
        return found;
      }
      told = true;
      if (fields == null) {
        tellMinor(what);
        return found;
      }
      notices.accept(
          "qcow2: Marking image as corrupt: "
              + what
              + "; further corruption events will be suppressed");
      dead = true;
      try {
        fields.markCorrupt();
      } catch (IOException e) {
        found.addSuppressed(e);
      }
    }
    return found;
  }

  /// Damage that an operation can pass over.
  public synchronized void minor(String what) {
    if (!told) {
      told = true;
      tellMinor(what);
    }
  }

  private void tellMinor(String what) {
    notices.accept(
        "qcow2: Image is corrupt: "
            + what
            + "; further non-fatal corruption events will be suppressed");
  }

  /// Tells something that QEMU prints each time.
  public void tell(String notice) {
    notices.accept(notice);
  }

  /// True after fatal damage of an image that is open for writing.
  public boolean dead() {
    return dead;
  }

  /// Refuses to go on after fatal damage.
  public void requireAlive() throws CorruptImageException {
    if (dead) {
      throw ImageException.inWords(
          "No medium found",
          new CorruptImageException(
              name + ": damage was found before and the image is marked corrupt; run a check"));
    }
  }

  /// A number as C's `%#x` writes it.
  public static String hex(long number) {
    return number == 0 ? "0" : "0x" + Long.toHexString(number);
  }
}
