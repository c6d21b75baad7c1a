// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.Storage.DataRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The bytes of an empty layer, put together once and written as often as there are layers that
/// differ in nothing but their identity. In memory, because a file that nobody knows yet needs none
/// of the barriers between its parts.
final class NewLayer {
  /// What file systems give out at least.
  private static final int BLOCK = 4096;

  private static final byte[] ZEROS = new byte[BLOCK];

  /// A stretch of the file that is not zero.
  private record Piece(long position, ByteBuffer bytes) {}

  private final HeaderArea header;
  private final List<Piece> tables;
  private final long length;

  private NewLayer(HeaderArea header, List<Piece> tables, long length) {
    this.header = header;
    this.tables = tables;
    this.length = length;
  }

  static NewLayer of(Qcow2CreateOptions options) throws IOException {
    MemoryStorage image = new MemoryStorage("new layer");
    Qcow2Create.create(image, options);
    ByteBuffer first = ByteBuffer.allocate(1 << options.clusterBits());
    image.read(0, first);
    List<Piece> tables = new ArrayList<>();
    for (DataRange data = image.nextData(first.capacity());
        data != null;
        data = image.nextData(data.position() + data.length())) {
      byte[] bytes = new byte[Math.toIntExact(data.length())];
      image.read(data.position(), ByteBuffer.wrap(bytes));
      addFilled(tables, data.position(), bytes);
    }
    return new NewLayer(HeaderArea.parse(first.flip()), tables, image.size());
  }

  /// Writes a new file, in place of an unfinished one. Nothing of it is durable yet.
  ///
  /// @param own null for what the options said
  void write(Path file, @Nullable VarveIdentity own) throws IOException {
    List<Piece> pieces = new ArrayList<>(tables.size() + 1);
    addFilled(pieces, 0, (own == null ? header : header.withIdentity(own)).encode());
    pieces.addAll(tables);
    try (FileStorage storage = create(file)) {
      storage.truncate(length);
      for (Piece piece : pieces) {
        storage.write(piece.position, piece.bytes.duplicate());
      }
    }
  }

  /// Nobody looks for a lock on a file that nobody knows yet.
  private static FileStorage create(Path file) throws IOException {
    try {
      return FileStorage.create(file, LockMode.NONE);
    } catch (FileAlreadyExistsException _) {
      Files.delete(file);
      return FileStorage.create(file, LockMode.NONE);
    }
  }

  /// Adds what is not zero: the tables of an empty layer have a few entries in a cluster each, and
  /// the rest of them needs no place.
  private static void addFilled(List<Piece> pieces, long position, byte[] bytes) {
    for (int end = 0; end < bytes.length; ) {
      int start = end;
      while (start < bytes.length && isZero(bytes, start)) {
        start += BLOCK;
      }
      end = start;
      while (end < bytes.length && !isZero(bytes, end)) {
        end += BLOCK;
      }
      if (start < bytes.length) {
        int count = Math.min(end, bytes.length) - start;
        pieces.add(new Piece(position + start, ByteBuffer.wrap(bytes, start, count).slice()));
      }
    }
  }

  private static boolean isZero(byte[] bytes, int start) {
    int end = Math.min(start + BLOCK, bytes.length);
    return Arrays.equals(bytes, start, end, ZEROS, 0, end - start);
  }
}
