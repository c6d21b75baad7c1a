// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterAllocator;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The host offset that no cluster of an image may lie behind: where its file ends. A layer that
/// takes changes knows it from its allocator; a frozen one may be filled in by another opener and
/// grow, so its file is asked again before a cluster is called lost.
///
/// **Threads.** Any.
public final class FileEnd {
  private final Storage storage;
  private final Geometry geometry;
  private final boolean checked;
  private volatile long seen;
  private @Nullable ClusterAllocator allocator;

  /// @param checked false to take what lies behind the end for zeros
  public FileEnd(Storage storage, Geometry geometry, boolean checked) throws IOException {
    this.storage = storage;
    this.geometry = geometry;
    this.checked = checked;
    this.seen = look();
  }

  /// Says who knows where the file ends while it is changed.
  public void attach(ClusterAllocator owner) {
    allocator = owner;
  }

  private long look() throws IOException {
    return geometry.hostOffset(geometry.clustersFor(storage.size()));
  }

  /// The end as far as it is known without asking the file.
  long known() {
    return !checked ? Long.MAX_VALUE : allocator != null ? allocator.writtenEnd() : seen;
  }

  /// True if the file ends at or before this host offset.
  boolean isBefore(long host) throws IOException {
    if (host < known()) {
      return false;
    }
    if (allocator == null) {
      seen = look();
    }
    return host >= known();
  }
}
