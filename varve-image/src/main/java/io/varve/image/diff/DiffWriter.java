// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Writes a stream. For one thread; closes nothing.
final class DiffWriter {
  private final OutputStream out;
  private final MessageDigest sha;
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer record = ByteBuffer.allocate(DiffFrame.LONGEST);
  private long records;
  private long dataBytes;
  private long zeroBytes;

  DiffWriter(OutputStream out, DiffHeader header) throws IOException {
    this.out = out;
    try {
      this.sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    begin(DiffFrame.HEADER).put(header.encode());
    send();
  }

  private ByteBuffer begin(int type) {
    return record.clear().putInt(type).putInt(0);
  }

  private void send() throws IOException {
    record.putInt(4, record.position() - DiffFrame.HEAD);
    crc.reset();
    crc.update(record.array(), 0, record.position());
    record.putInt((int) crc.getValue());
    sha.update(record.array(), 0, record.position());
    out.write(record.array(), 0, record.position());
  }

  /// The room for the bytes of a record of data, at most [DiffFrame#MOST_DATA].
  ByteBuffer beginData(long start) {
    return begin(DiffFrame.DATA).putLong(start);
  }

  /// Sends the record of data that was begun and filled.
  void endData(int length) throws IOException {
    records++;
    dataBytes += length;
    send();
  }

  void zero(long start, long length) throws IOException {
    begin(DiffFrame.ZERO).putLong(start).putLong(length);
    records++;
    zeroBytes += length;
    send();
  }

  /// Ends the stream and flushes it.
  DiffTotals end(byte @Nullable [] result) throws IOException {
    begin(DiffFrame.END).putLong(records).putLong(dataBytes).putLong(zeroBytes);
    record.put(result == null ? new byte[DiskDigest.LENGTH] : result);
    record.put(sha.digest());
    send();
    out.flush();
    return new DiffTotals(records, dataBytes, zeroBytes);
  }
}
