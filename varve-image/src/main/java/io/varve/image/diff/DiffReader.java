// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Reads a stream and believes nothing in it: every number is bounded before it is used, ranges
/// ascend and lie within the disk, checksums match, and the end must come. Memory is one record.
///
/// For one thread; closes nothing.
public final class DiffReader {
  private final InputStream in;
  private final MessageDigest sha;
  private final CRC32C crc = new CRC32C();
  private final byte[] record = new byte[DiffFrame.LONGEST];
  private final DiffHeader header;
  private long position;
  private long reached;
  private long records;
  private long dataBytes;
  private long zeroBytes;
  private boolean ended;
  private byte @Nullable [] result;

  /// Takes the ranges of a stream.
  public interface Receiver {
    /// @param bytes the content of the range; valid until this returns
    void data(long start, ByteBuffer bytes) throws IOException;

    void zero(long start, long length) throws IOException;
  }

  /// Reads the header.
  ///
  /// @throws DiffStreamException if this is no such stream, or one of a later version
  public DiffReader(InputStream in) throws IOException {
    this.in = in;
    try {
      this.sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    int length = next(true);
    this.header = DiffHeader.decode(payload(length));
    sha.update(record, 0, DiffFrame.HEAD + length + DiffFrame.CRC);
  }

  public DiffHeader header() {
    return header;
  }

  /// What was read so far.
  public DiffTotals totals() {
    return new DiffTotals(records, dataBytes, zeroBytes);
  }

  /// The digest of the result that the end of the stream carries; null where the header says that
  /// there is none.
  public byte @Nullable [] result() {
    if (!ended) {
      throw new IllegalStateException("the stream has not been read to its end");
    }
    return result;
  }

  /// Reads the next record; false at the end, which is in order.
  public boolean next(Receiver receiver) throws IOException {
    if (ended) {
      return false;
    }
    int length = next(false);
    int type = ByteBuffer.wrap(record).getInt();
    ByteBuffer payload = payload(length);
    if (type == DiffFrame.END) {
      end(payload);
      return false;
    }
    sha.update(record, 0, DiffFrame.HEAD + length + DiffFrame.CRC);
    records++;
    long start = payload.getLong();
    if (type == DiffFrame.DATA) {
      requireRange(start, payload.remaining());
      dataBytes += payload.remaining();
      receiver.data(start, payload);
    } else {
      long bytes = payload.getLong();
      requireRange(start, bytes);
      zeroBytes += bytes;
      receiver.zero(start, bytes);
    }
    return true;
  }

  private void requireRange(long start, long length) throws DiffStreamException {
    if (length <= 0 || start < reached || start > header.toSize() - length) {
      throw bad(
          "a range of %d bytes at %d, expected one from %d on within the disk's %d bytes"
              .formatted(length, start, reached, header.toSize()));
    }
    reached = start + length;
  }

  private void end(ByteBuffer payload) throws IOException {
    if (payload.getLong() != records
        || payload.getLong() != dataBytes
        || payload.getLong() != zeroBytes) {
      throw bad("its end counts other records than came: some were lost or added");
    }
    byte[] digest = new byte[DiskDigest.LENGTH];
    payload.get(digest);
    byte[] all = new byte[DiskDigest.LENGTH];
    payload.get(all);
    if (!MessageDigest.isEqual(all, sha.digest())) {
      throw bad("the checksum of the whole stream does not match");
    }
    if (in.read() >= 0) {
      throw bad("it goes on behind its end");
    }
    result = header.digestFollows() ? digest : null;
    ended = true;
  }

  private ByteBuffer payload(int length) {
    return ByteBuffer.wrap(record, DiffFrame.HEAD, length).slice();
  }

  /// Reads a whole record; returns the length of its payload.
  private int next(boolean first) throws IOException {
    fill(0, DiffFrame.HEAD, first);
    ByteBuffer head = ByteBuffer.wrap(record);
    int type = head.getInt();
    int length = head.getInt();
    int[] bounds = DiffFrame.bounds(type);
    if (first != (type == DiffFrame.HEADER) || bounds == null) {
      throw first
          ? new DiffStreamException(
              "the input is no stream of a difference: its first bytes differ")
          : bad("a record of type 0x%08x, which no stream has there".formatted(type));
    }
    if (length < bounds[0] || length > bounds[1]) {
      throw bad("a record of %d bytes, expected %d to %d".formatted(length, bounds[0], bounds[1]));
    }
    fill(DiffFrame.HEAD, length + DiffFrame.CRC, false);
    int behind = DiffFrame.HEAD + length;
    crc.reset();
    crc.update(record, 0, behind);
    if ((int) crc.getValue() != head.getInt(behind)) {
      throw bad("a record's checksum does not match: the stream was damaged on its way");
    }
    position += behind + DiffFrame.CRC;
    return length;
  }

  private void fill(int at, int length, boolean first) throws IOException {
    int got = in.readNBytes(record, at, length);
    if (got < length) {
      throw first && got == 0
          ? new DiffStreamException("the input is empty, expected the stream of a difference")
          : bad("it ends early: the sender was cut short");
    }
  }

  private DiffStreamException bad(String why) {
    return new DiffStreamException("the stream is not in order at byte " + position + ": " + why);
  }
}
