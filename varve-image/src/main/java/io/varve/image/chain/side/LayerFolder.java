// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.ffi.FileStat;
import io.varve.ffi.Folder;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The folder of the layers that a side file describes, looked at for as long as one question
/// takes: each file is asked for once. Names are made of identities, so that no record can lead out
/// of the folder.
///
/// **Threads.** One.
final class LayerFolder implements Closeable {
  static final String SUFFIX = ".qcow2";

  private final Path path;
  private final Folder folder;
  private final Map<UUID, FileStat> seen = new HashMap<>();

  private LayerFolder(Path path, Folder folder) {
    this.path = path;
    this.folder = folder;
  }

  static LayerFolder open(Path path) throws IOException {
    return new LayerFolder(path, Folder.open(path));
  }

  static String name(UUID layer) {
    return layer + SUFFIX;
  }

  Path file(UUID layer) {
    return path.resolve(name(layer));
  }

  /// What lies there, as it was when it was first asked for; null if nothing does.
  @Nullable FileStat stat(UUID layer) throws IOException {
    FileStat known = seen.get(layer);
    return known != null ? known : statAgain(layer);
  }

  /// What lies there now, for whoever asks once. Any thread.
  @Nullable FileStat look(UUID layer) throws IOException {
    return folder.stat(name(layer));
  }

  /// What lies there now.
  @Nullable FileStat statAgain(UUID layer) throws IOException {
    FileStat stat = look(layer);
    if (stat == null) {
      seen.remove(layer);
    } else {
      seen.put(layer, stat);
    }
    return stat;
  }

  /// True if the layer's file is as its record says.
  boolean fits(LayerRecord record) throws IOException {
    FileStat stat = stat(record.layer());
    return stat != null && record.binding().fits(stat);
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }
}
