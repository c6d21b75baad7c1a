// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.List;
import java.util.stream.Collectors;

/// One step of a random test. Its text is Java, so that a failing list can be pasted into a test.
public sealed interface GuestOp {
  /// Writes the [Stamp] of that number.
  record Write(long at, int length, long number) implements GuestOp {
    @Override
    public String toString() {
      return "new Write(0x%xL, %d, %dL)".formatted(at, length, number);
    }
  }

  /// Zeroes, and gives the space up if `unmap`.
  record Zero(long at, long length, boolean unmap) implements GuestOp {
    @Override
    public String toString() {
      return "new Zero(0x%xL, %dL, %b)".formatted(at, length, unmap);
    }
  }

  record Discard(long at, long length) implements GuestOp {
    @Override
    public String toString() {
      return "new Discard(0x%xL, %dL)".formatted(at, length);
    }
  }

  record Resize(long size) implements GuestOp {
    @Override
    public String toString() {
      return "new Resize(%dL)".formatted(size);
    }
  }

  record Flush() implements GuestOp {
    @Override
    public String toString() {
      return "new Flush()";
    }
  }

  /// Closes and opens again.
  record Reopen() implements GuestOp {
    @Override
    public String toString() {
      return "new Reopen()";
    }
  }

  record TakeSnapshot(String name) implements GuestOp {
    @Override
    public String toString() {
      return "new TakeSnapshot(\"%s\")".formatted(name);
    }
  }

  record ApplySnapshot(String name) implements GuestOp {
    @Override
    public String toString() {
      return "new ApplySnapshot(\"%s\")".formatted(name);
    }
  }

  record DeleteSnapshot(String name) implements GuestOp {
    @Override
    public String toString() {
      return "new DeleteSnapshot(\"%s\")".formatted(name);
    }
  }

  /// The list as Java text.
  static String text(List<? extends GuestOp> ops) {
    return ops.stream().map(Object::toString).collect(Collectors.joining(",\n", "List.of(\n", ")"));
  }
}
