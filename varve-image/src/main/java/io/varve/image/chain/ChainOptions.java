// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.util.function.UnaryOperator;

/// How to open a chain.
///
/// @param writable the top layer takes changes; bases are read-only always
/// @param gate decides which files the images may name
/// @param maxDepth most layers, the top included
/// @param baseLock lock on every layer that is opened read-only
/// @param wrap put around each layer's storage, to count or to test
/// @param cacheBytes bound of metadata in memory for each layer, bytes
/// @param punchFreed give freed clusters back to the file system
/// @param requireWhole refuse clusters behind the end of a qcow2 file instead of reading zeros
public record ChainOptions(
    boolean writable,
    OpenGate gate,
    int maxDepth,
    LockMode baseLock,
    UnaryOperator<Storage> wrap,
    long cacheBytes,
    boolean punchFreed,
    boolean requireWhole) {
  private static final int DEFAULT_DEPTH = 1024;
  private static final long DEFAULT_CACHE = 32L << 20;

  public static ChainOptions readOnly(OpenGate gate) {
    return new ChainOptions(
        false,
        gate,
        DEFAULT_DEPTH,
        LockMode.SHARED_READER,
        UnaryOperator.identity(),
        DEFAULT_CACHE,
        true,
        false);
  }

  public static ChainOptions readWrite(OpenGate gate) {
    return readOnly(gate).withWritable(true);
  }

  public ChainOptions withWritable(boolean write) {
    return new ChainOptions(
        write, gate, maxDepth, baseLock, wrap, cacheBytes, punchFreed, requireWhole);
  }

  public ChainOptions withMaxDepth(int depth) {
    return new ChainOptions(
        writable, gate, depth, baseLock, wrap, cacheBytes, punchFreed, requireWhole);
  }

  public ChainOptions withBaseLock(LockMode lock) {
    return new ChainOptions(
        writable, gate, maxDepth, lock, wrap, cacheBytes, punchFreed, requireWhole);
  }

  public ChainOptions withWrap(UnaryOperator<Storage> wrapper) {
    return new ChainOptions(
        writable, gate, maxDepth, baseLock, wrapper, cacheBytes, punchFreed, requireWhole);
  }

  public ChainOptions withCacheBytes(long bytes) {
    return new ChainOptions(
        writable, gate, maxDepth, baseLock, wrap, bytes, punchFreed, requireWhole);
  }

  public ChainOptions withPunchFreed(boolean punch) {
    return new ChainOptions(
        writable, gate, maxDepth, baseLock, wrap, cacheBytes, punch, requireWhole);
  }

  public ChainOptions withRequireWhole(boolean whole) {
    return new ChainOptions(
        writable, gate, maxDepth, baseLock, wrap, cacheBytes, punchFreed, whole);
  }
}
