// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Where the guest's data lies, and how: in the image's own file or in an external data file, plain
/// or encrypted. Every byte of plain (not compressed) guest data passes through here, with the host
/// offset at which it lies and the guest offset that it belongs to.
///
/// | | in the image | external data file |
/// |---|---|---|
/// | host offset | of a counted cluster | the guest offset |
/// | refcounts | as all clusters | none |
///
/// **Threads.** Any thread. A write to an encrypted area that is not aligned to 512 bytes reads the
/// rest of the sector first: it needs the layer's exclusive lock ([#inPlaceUnit()]).
public final class DataArea implements Closeable {
  private static final int SECTOR = 512;
  private static final int PIECE = 1 << 20;

  private final @Nullable Storage storage;
  private final @Nullable DataCipher cipher;
  private final boolean external;
  private final boolean raw;
  private final String name;

  private DataArea(
      @Nullable Storage storage,
      @Nullable DataCipher cipher,
      boolean external,
      boolean raw,
      String name) {
    this.storage = storage;
    this.cipher = cipher;
    this.external = external;
    this.raw = raw;
    this.name = name;
  }

  /// Data in the image's own file.
  public static DataArea inImage(Storage image, @Nullable DataCipher cipher) {
    return new DataArea(image, cipher, false, false, image.name());
  }

  /// Data in a file of its own, which belongs to this area from now on.
  ///
  /// @param raw the file alone must stay a raw image of the disk
  public static DataArea external(Storage dataFile, boolean raw, @Nullable DataCipher cipher) {
    return new DataArea(dataFile, cipher, true, raw, dataFile.name());
  }

  /// No data: the image was opened for its metadata only.
  ///
  /// @param external the image has an external data file
  public static DataArea absent(String image, boolean external) {
    return new DataArea(null, null, external, false, image);
  }

  /// True if host offsets are guest offsets in another file and are not counted.
  public boolean external() {
    return external;
  }

  /// True if the external data file alone is a raw image: zeros have to be written to it too.
  public boolean raw() {
    return raw;
  }

  public boolean encrypted() {
    return cipher != null;
  }

  /// The external data file, null where data lies in the image or was not opened.
  public @Nullable Storage dataFile() {
    return external ? storage : null;
  }

  /// What offset and length of a write must be multiples of to go beside other writes.
  public int inPlaceUnit() {
    return cipher == null ? 1 : SECTOR;
  }

  /// True if bytes that were never written are known to read as zero: a hole of an encrypted area
  /// decrypts to noise, and a data file may have held anything.
  public boolean blankIsZero() {
    return cipher == null && !external;
  }

  private Storage storage() throws UnsupportedImageException {
    if (storage == null) {
      throw new UnsupportedImageException(
          name + ": the image was opened for its metadata only; open it with its data");
    }
    return storage;
  }

  /// Fills `dst` from the host offset on.
  public void read(long host, long guest, ByteBuffer dst) throws IOException {
    Storage from = storage();
    if (cipher == null) {
      from.read(host, dst);
      return;
    }
    long done = 0;
    while (dst.hasRemaining()) {
      int skip = (int) (host + done) & (SECTOR - 1);
      int length = Math.min(dst.remaining(), PIECE - skip);
      byte[] sectors = decrypted(from, host + done - skip, guest + done - skip, skip + length);
      dst.put(sectors, skip, length);
      done += length;
    }
  }

  /// The whole sectors from an aligned offset on that hold `length` bytes.
  private byte[] decrypted(Storage from, long host, long guest, int length) throws IOException {
    byte[] sectors = new byte[(length + SECTOR - 1) & -SECTOR];
    from.read(host, ByteBuffer.wrap(sectors));
    if (cipher != null) {
      cipher.decrypt(host, guest, sectors, 0, sectors.length);
    }
    return sectors;
  }

  /// Writes all of `src` at the host offset.
  public void write(long host, long guest, ByteBuffer src) throws IOException {
    Storage to = storage();
    if (cipher == null) {
      to.write(host, src);
      return;
    }
    long done = 0;
    while (src.hasRemaining()) {
      int skip = (int) (host + done) & (SECTOR - 1);
      int length = Math.min(src.remaining(), PIECE - skip);
      long hostAt = host + done - skip;
      long guestAt = guest + done - skip;
      byte[] sectors = sectorsToWrite(to, hostAt, guestAt, skip, length);
      src.get(sectors, skip, length);
      cipher.encrypt(hostAt, guestAt, sectors, 0, sectors.length);
      to.write(hostAt, ByteBuffer.wrap(sectors));
      done += length;
    }
  }

  /// Room for whole sectors, with the old bytes where the write covers only a part of them.
  private byte[] sectorsToWrite(Storage to, long host, long guest, int skip, int length)
      throws IOException {
    int end = skip + length;
    byte[] sectors = new byte[(end + SECTOR - 1) & -SECTOR];
    if (skip != 0) {
      System.arraycopy(decrypted(to, host, guest, SECTOR), 0, sectors, 0, SECTOR);
    }
    int tail = end & -SECTOR;
    if (end != tail && (tail != 0 || skip == 0)) {
      byte[] last = decrypted(to, host + tail, guest + tail, SECTOR);
      System.arraycopy(last, 0, sectors, tail, SECTOR);
    }
    return sectors;
  }

  /// Makes a range read as zero and the store spend space on it: it is about to be written in part.
  ///
  /// @param blank it reads as zero already
  void makeBlank(long host, long length, boolean blank) throws IOException {
    if (length == 0) {
      return;
    }
    if (blank) {
      storage().reserve(host, length);
    } else {
      storage().zeroReserved(host, length);
    }
  }

  /// Gives an external data file the size of the disk.
  void resizeDataFile(long size) throws IOException {
    if (external && !storage().capabilities().fixedSize()) {
      storage().truncate(size);
    }
  }

  /// Makes a range of an external data file zero.
  void zeroDataFile(long position, long length) throws IOException {
    Storage file = storage();
    file.zero(position, Math.min(length, Math.max(0, file.size() - position)));
  }

  /// Gives a range of an external data file back to its store.
  void discardInDataFile(long position, long length, boolean punch) throws IOException {
    if ((punch && storage().punch(position, length)) || !raw) {
      return;
    }
    zeroDataFile(position, length);
  }

  /// Makes what was written to an external data file durable; the image's own file is flushed by
  /// [io.varve.image.qcow2.metadata.FlushOrder].
  public void flushDataFile() throws IOException {
    if (external && storage != null) {
      storage.flush();
    }
  }

  /// Closes an external data file, and forgets the key.
  @Override
  public void close() throws IOException {
    if (cipher != null) {
      cipher.close();
    }
    if (external && storage != null) {
      storage.close();
    }
  }
}
