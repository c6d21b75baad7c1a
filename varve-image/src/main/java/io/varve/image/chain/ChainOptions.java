// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.KeySource;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// How to open a chain. Immutable: every `with…` method returns another value.
public final class ChainOptions {
  private static final int DEFAULT_DEPTH = 1024;

  private final OpenGate gate;
  private boolean followBases = true;
  private int maxDepth = DEFAULT_DEPTH;
  private LockMode baseLock = LockMode.SHARED_READER;
  private UnaryOperator<Storage> wrap = UnaryOperator.identity();
  private @Nullable Path dataFile;
  private Qcow2Options layers;
  private UnaryOperator<Qcow2Options> top = UnaryOperator.identity();

  private ChainOptions(OpenGate gate, Qcow2Options layers) {
    this.gate = gate;
    this.layers = layers;
  }

  private ChainOptions(ChainOptions from) {
    gate = from.gate;
    followBases = from.followBases;
    maxDepth = from.maxDepth;
    baseLock = from.baseLock;
    wrap = from.wrap;
    dataFile = from.dataFile;
    layers = from.layers;
    top = from.top;
  }

  /// @param gate decides which files the images may name
  public static ChainOptions readOnly(OpenGate gate) {
    return new ChainOptions(gate, Qcow2Options.readOnly().withPunchFreed(true));
  }

  /// The top layer takes changes; bases are read-only always.
  public static ChainOptions readWrite(OpenGate gate) {
    return readOnly(gate).withWritable(true);
  }

  public boolean writable() {
    return layers.writable();
  }

  public OpenGate gate() {
    return gate;
  }

  /// False: only the top layer is opened, and reads as if it had no base.
  public boolean followBases() {
    return followBases;
  }

  /// Most layers, the top included.
  public int maxDepth() {
    return maxDepth;
  }

  /// Lock on every layer that is opened read-only.
  public LockMode baseLock() {
    return baseLock;
  }

  /// Put around each file, to count or to test.
  public UnaryOperator<Storage> wrap() {
    return wrap;
  }

  /// The top layer's external data file, instead of the one that its header names.
  public @Nullable Path dataFile() {
    return dataFile;
  }

  /// How the layer at this depth is opened if it is qcow2; data files are the chain's part.
  Qcow2Options layer(int depth) {
    return depth == 0 ? top.apply(layers) : layers.withWritable(false);
  }

  private ChainOptions withLayers(Qcow2Options options) {
    ChainOptions next = new ChainOptions(this);
    next.layers = options;
    return next;
  }

  public ChainOptions withWritable(boolean write) {
    return withLayers(layers.withWritable(write));
  }

  public ChainOptions withoutBases() {
    ChainOptions next = new ChainOptions(this);
    next.followBases = false;
    return next;
  }

  public ChainOptions withMaxDepth(int depth) {
    ChainOptions next = new ChainOptions(this);
    next.maxDepth = depth;
    return next;
  }

  public ChainOptions withBaseLock(LockMode lock) {
    ChainOptions next = new ChainOptions(this);
    next.baseLock = lock;
    return next;
  }

  public ChainOptions withWrap(UnaryOperator<Storage> wrapper) {
    ChainOptions next = new ChainOptions(this);
    next.wrap = wrapper;
    return next;
  }

  /// Bound of metadata in memory for each layer, bytes.
  public ChainOptions withCacheBytes(long bytes) {
    return withLayers(layers.withCacheBytes(bytes));
  }

  /// Give freed clusters back to the file system.
  public ChainOptions withPunchFreed(boolean punch) {
    return withLayers(layers.withPunchFreed(punch));
  }

  /// Refuse clusters behind the end of a qcow2 file instead of reading zeros.
  public ChainOptions withRequireWhole(boolean whole) {
    return withLayers(layers.withRequireWhole(whole));
  }

  /// See [Qcow2Options#withoutData()].
  public ChainOptions withoutData() {
    return withLayers(layers.withoutData());
  }

  /// See [Qcow2Options#notices()].
  public ChainOptions withNotices(Consumer<String> hearer) {
    return withLayers(layers.withNotices(hearer));
  }

  public ChainOptions withKeys(KeySource source) {
    return withLayers(layers.withKeys(source));
  }

  public ChainOptions withDataFile(@Nullable Path file) {
    ChainOptions next = new ChainOptions(this);
    next.dataFile = file;
    return next;
  }

  /// Changes how the top layer is opened, after everything said here.
  public ChainOptions withTop(UnaryOperator<Qcow2Options> change) {
    ChainOptions next = new ChainOptions(this);
    next.top = change;
    return next;
  }
}
