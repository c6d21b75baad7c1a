// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.storage.FileCopy;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Takes over whole clusters of another file of the same cluster size, without carrying their bytes
/// through the JVM where the store can do that. Data is in its place before the index changes in
/// memory, as with any write. Under the layer's exclusive lock.
public final class ClusterIntake {
  private final ImageParts parts;
  private final Geometry geometry;
  private final ClusterMap map;
  private final ClusterReader reader;
  private final L2Tables tables;
  private final CompressedWriter compressed;

  ClusterIntake(
      ImageParts parts,
      ClusterMap map,
      ClusterReader reader,
      L2Tables tables,
      CompressedWriter compressed) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
    this.reader = reader;
    this.tables = tables;
    this.compressed = compressed;
  }

  /// Puts clusters that lie side by side in `from`. What the clusters held here is overwritten or
  /// given up. Returns how many bytes share their blocks with `from`, so that no data moved.
  ///
  /// @param guest cluster aligned
  /// @param clusters above zero
  public long take(long guest, long clusters, Storage from, long host) throws IOException {
    long shared = 0;
    long done = 0;
    while (done < clusters) {
      long at = guest + (done << geometry.clusterBits());
      tables.ensureWritable(at);
      long source = host + (done << geometry.clusterBits());
      ClusterState old = map.stateToWrite(at);
      long count = sameTable(at, clusters - done);
      boolean inPlace = old.writableInPlace();
      count = inPlace ? inPlaceRun(at, count, old.host()) : toAllocate(at, count);
      Taken taken = inPlace ? overwrite(at, count, from, source) : takeNew(at, count, from, source);
      shared += taken.shared() ? taken.clusters() << geometry.clusterBits() : 0;
      done += taken.clusters();
      parts.bound();
    }
    return shared;
  }

  private record Taken(long clusters, boolean shared) {}

  private long sameTable(long at, long most) {
    return Math.min(most, geometry.l2Entries() - geometry.l2Index(at));
  }

  /// Clusters from `at` on that have neighbouring host clusters of their own.
  private long inPlaceRun(long at, long most, long host) throws IOException {
    long count = 1;
    while (count < most) {
      ClusterState next = map.stateToWrite(at + (count << geometry.clusterBits()));
      if (!next.writableInPlace() || next.host() != host + (count << geometry.clusterBits())) {
        break;
      }
      count++;
    }
    return count;
  }

  private long toAllocate(long at, long most) throws IOException {
    long count = 1;
    while (count < most && !map.state(at + (count << geometry.clusterBits())).writableInPlace()) {
      count++;
    }
    return count;
  }

  private Taken overwrite(long at, long count, Storage from, long source) throws IOException {
    long host = map.state(at).host();
    parts.overlaps().requireFree(geometry.hostCluster(host), count);
    boolean shared = copy(from, source, host, count << geometry.clusterBits());
    for (long i = 0; i < count; i++) {
      long here = at + (i << geometry.clusterBits());
      ClusterState old = map.state(here);
      if (old.allocated() == 0) {
        tables.setData(here, old.host(), 1, 0);
      }
    }
    return new Taken(count, shared);
  }

  /// A cluster of data takes its whole room in the file, also where the other file had set room
  /// aside and written nothing.
  private boolean copy(Storage from, long source, long host, long bytes) throws IOException {
    boolean shared = FileCopy.shareOrCopy(from, source, parts.storage(), host, bytes);
    parts.storage().reserve(host, bytes);
    return shared;
  }

  private Taken takeNew(long at, long count, Storage from, long source) throws IOException {
    ClusterRun run = parts.allocateData(at, count);
    long host = geometry.hostOffset(run.first());
    long bytes = run.count() << geometry.clusterBits();
    boolean shared;
    try {
      shared = copy(from, source, host, bytes);
    } catch (IOException e) {
      parts.unallocateData(run);
      throw e;
    }
    for (long done = 0; done < bytes; done += geometry.clusterSize()) {
      ClusterState old = map.state(at + done);
      tables.setData(at + done, host + done, 1, 0);
      forget(old);
    }
    return new Taken(run.count(), shared);
  }

  /// Puts compressed bytes for one guest cluster. What the cluster held here is given up.
  public void takeCompressed(long guest, byte[] packed) throws IOException {
    tables.ensureWritable(guest);
    ClusterState old = map.state(guest);
    if (old.compressed() || old.hasHost()) {
      tables.setNone(guest);
      forget(old);
    }
    compressed.write(guest, packed, packed.length);
  }

  /// Makes sure that there is an index table for this guest offset.
  public void prepareTable(long guest) throws IOException {
    tables.ensureWritable(guest);
  }

  private void forget(ClusterState old) {
    tables.dropHost(old);
    if (old.compressed()) {
      reader.forgetDecoded();
    }
  }
}
