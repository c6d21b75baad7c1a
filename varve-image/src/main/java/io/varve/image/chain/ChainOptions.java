// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.KeySource;
import io.varve.image.chain.map.FrozenSource;
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
  private static final long DEFAULT_MAP_BYTES = 32L << 20;
  private static final int LEAST_OPEN_LAYERS = 4;

  /// To ask one or two frozen layers costs no more than to ask the map.
  private static final int DEFAULT_MAP_FROM = 3;

  private final OpenGate gate;
  private boolean followBases = true;
  private int maxDepth = DEFAULT_DEPTH;
  private LockMode baseLock = LockMode.SHARED_READER;
  private UnaryOperator<Storage> wrap = UnaryOperator.identity();
  private @Nullable Path dataFile;
  private Qcow2Options layers;
  private UnaryOperator<Qcow2Options> top = UnaryOperator.identity();
  private int openLayers = DEFAULT_DEPTH;
  private long mapBytes = DEFAULT_MAP_BYTES;
  private int mapFrom = DEFAULT_MAP_FROM;
  private FrozenSource frozenSource = FrozenSource.NONE;

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
    openLayers = from.openLayers;
    mapBytes = from.mapBytes;
    mapFrom = from.mapFrom;
    frozenSource = from.frozenSource;
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

  /// How a layer is opened if it is qcow2; data files are the chain's part.
  ///
  /// @param active the top layer
  Qcow2Options layer(boolean active) {
    return active ? top.apply(layers) : layers.withWritable(false);
  }

  /// Most layers beneath the active one that are open at the same time.
  public int openLayers() {
    return openLayers;
  }

  /// Bound of the map of the frozen layers in memory, bytes, whatever their number.
  public long mapBytes() {
    return mapBytes;
  }

  /// Number of frozen layers from which on they are read through the map.
  int mapFrom() {
    return layers.withData() ? mapFrom : Integer.MAX_VALUE;
  }

  /// Knows the frozen layers without walking them.
  public FrozenSource frozenSource() {
    return frozenSource;
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

  /// Bound of open layers beneath the active one, 4 or more. A layer is opened when it is first
  /// needed (or, without a [#frozenSource()], when the chain is opened), and the one that was idle
  /// longest is closed in its place. QEMU's image lock is held on open layers alone: see
  /// [Chain#open].
  public ChainOptions withOpenLayers(int most) {
    ChainOptions next = new ChainOptions(this);
    next.openLayers = Math.max(LEAST_OPEN_LAYERS, most);
    return next;
  }

  /// Bound of the map of the frozen layers in memory, bytes.
  public ChainOptions withMapBytes(long bytes) {
    ChainOptions next = new ChainOptions(this);
    next.mapBytes = bytes;
    return next;
  }

  /// For tests: read through the map from this number of frozen layers on.
  ChainOptions withMapFrom(int layers) {
    ChainOptions next = new ChainOptions(this);
    next.mapFrom = layers;
    return next;
  }

  /// Asks somebody who knows the frozen layers before they are walked: a side file.
  public ChainOptions withFrozenSource(FrozenSource source) {
    ChainOptions next = new ChainOptions(this);
    next.frozenSource = source;
    return next;
  }

  /// Bound of metadata in memory for each layer, bytes. Layers that are read through the map need
  /// less, and share a quarter of [#mapBytes()] on top of it.
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
