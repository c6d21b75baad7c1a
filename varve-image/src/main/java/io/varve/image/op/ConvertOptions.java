// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import org.jspecify.annotations.Nullable;

/// How to convert. Immutable: every `with…` method returns another value.
public final class ConvertOptions {
  /// Shortest run of zeros that is left out, unless stated otherwise; bytes.
  public static final int DEFAULT_SPARSE = 4096;

  /// No base.
  public static final long NO_BASE = -1;

  private int sparse = DEFAULT_SPARSE;
  private boolean compressed;
  private boolean zeroed;
  private long baseSize = NO_BASE;
  private boolean inOrder = true;
  private boolean offload;
  private int threads = 2;
  private @Nullable Salvage salvage;
  private Throttle throttle = Throttle.NONE;
  private Progress progress = Progress.NONE;

  private ConvertOptions() {}

  private ConvertOptions(ConvertOptions from) {
    sparse = from.sparse;
    compressed = from.compressed;
    zeroed = from.zeroed;
    baseSize = from.baseSize;
    inOrder = from.inOrder;
    offload = from.offload;
    threads = from.threads;
    salvage = from.salvage;
    throttle = from.throttle;
    progress = from.progress;
  }

  /// Plain clusters, zeros from 4 KiB on left out, two threads, a target of unknown content.
  public static ConvertOptions defaults() {
    return new ConvertOptions();
  }

  /// Shortest run of zeros that is not written as data, bytes, a multiple of 512; 0 writes all.
  public int sparse() {
    return sparse;
  }

  public boolean compressed() {
    return compressed;
  }

  /// The target reads as zero all over, so that zeros need not be written at all.
  public boolean zeroed() {
    return zeroed;
  }

  /// Size of the target's base, bytes, or [#NO_BASE]. What the top layer of the source does not
  /// hold is then left to the target's base, which must read as the source's base does.
  public long baseSize() {
    return baseSize;
  }

  public boolean overBase() {
    return baseSize != NO_BASE;
  }

  /// Pieces reach the target in order, so that its file is laid out as the disk is.
  public boolean inOrder() {
    return inOrder;
  }

  /// Let the kernel copy where both are raw files; zeros within data are then not looked for.
  public boolean offload() {
    return offload;
  }

  public int threads() {
    return threads;
  }

  /// Hears of what cannot be read; null ends the copy there.
  public @Nullable Salvage salvage() {
    return salvage;
  }

  public Throttle throttle() {
    return throttle;
  }

  public Progress progress() {
    return progress;
  }

  public ConvertOptions withSparse(int bytes) {
    if (bytes < 0 || bytes % 512 != 0) {
      throw new IllegalArgumentException("not a multiple of 512: " + bytes);
    }
    ConvertOptions next = new ConvertOptions(this);
    next.sparse = bytes;
    return next;
  }

  public ConvertOptions withCompressed(boolean compress) {
    ConvertOptions next = new ConvertOptions(this);
    next.compressed = compress;
    return next;
  }

  public ConvertOptions withZeroed(boolean zero) {
    ConvertOptions next = new ConvertOptions(this);
    next.zeroed = zero;
    return next;
  }

  public ConvertOptions withBaseSize(long bytes) {
    ConvertOptions next = new ConvertOptions(this);
    next.baseSize = bytes;
    return next;
  }

  public ConvertOptions withInOrder(boolean ordered) {
    ConvertOptions next = new ConvertOptions(this);
    next.inOrder = ordered;
    return next;
  }

  public ConvertOptions withOffload(boolean inKernel) {
    ConvertOptions next = new ConvertOptions(this);
    next.offload = inKernel;
    return next;
  }

  public ConvertOptions withThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads: " + count);
    }
    ConvertOptions next = new ConvertOptions(this);
    next.threads = count;
    return next;
  }

  public ConvertOptions withSalvage(@Nullable Salvage hearer) {
    ConvertOptions next = new ConvertOptions(this);
    next.salvage = hearer;
    return next;
  }

  public ConvertOptions withThrottle(Throttle limit) {
    ConvertOptions next = new ConvertOptions(this);
    next.throttle = limit;
    return next;
  }

  public ConvertOptions withProgress(Progress hearer) {
    ConvertOptions next = new ConvertOptions(this);
    next.progress = hearer;
    return next;
  }
}
