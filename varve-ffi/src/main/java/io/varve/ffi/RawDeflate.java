// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The deflate encoder of the system's zlib, for raw streams (RFC 1951) with a window of 4 KiB:
/// what qcow2 asks for, and what the JDK's own `Deflater` cannot do (its window has 32 KiB).
///
/// **Threads.** One at a time. **Memory** is native, some 270 KiB, until `close`.
public final class RawDeflate implements AutoCloseable {
  private static final int WINDOW_BITS = -12;
  private static final int MEMORY_LEVEL = 9;

  /// With a window of 4 KiB the levels above search much longer and find some two hundredths more.
  private static final int LEVEL = 4;

  private static final int METHOD_DEFLATED = 8;
  private static final int FINISH = 4;
  private static final int OK = 0;
  private static final int STREAM_END = 1;

  /// Offsets in `z_stream` on 64-bit Linux; its size is part of zlib's ABI check.
  private static final long NEXT_IN = 0;

  private static final long AVAIL_IN = 8;
  private static final long NEXT_OUT = 24;
  private static final long AVAIL_OUT = 32;
  private static final int STREAM_SIZE = 112;

  /// The functions of libz, found once; empty where the system has none.
  ///
  /// @param init `int deflateInit2_(z_stream *s, int level, int method, int bits, int mem, int
  ///   strategy, const char *version, int size)`
  /// @param run `int deflate(z_stream *s, int flush)`
  /// @param reset `int deflateReset(z_stream *s)`
  /// @param end `int deflateEnd(z_stream *s)`
  private record Library(
      MethodHandle init, MethodHandle run, MethodHandle reset, MethodHandle end) {
    static final Optional<Library> FOUND = find();

    private static Optional<Library> find() {
      try {
        SymbolLookup zlib = SymbolLookup.libraryLookup("libz.so.1", Arena.global());
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor one = FunctionDescriptor.of(JAVA_INT, ADDRESS);
        return Optional.of(
            new Library(
                linker.downcallHandle(
                    zlib.findOrThrow("deflateInit2_"),
                    FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
                        ADDRESS, JAVA_INT)),
                linker.downcallHandle(
                    zlib.findOrThrow("deflate"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT)),
                linker.downcallHandle(zlib.findOrThrow("deflateReset"), one),
                linker.downcallHandle(zlib.findOrThrow("deflateEnd"), one)));
      } catch (IllegalArgumentException | java.util.NoSuchElementException _) {
        return Optional.empty();
      }
    }
  }

  private final Library library;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment stream;
  private final MemorySegment input;
  private final MemorySegment output;
  private boolean closed;

  private RawDeflate(Library library, int inputSize) {
    this.library = library;
    this.stream = arena.allocate(STREAM_SIZE, 8);
    this.input = arena.allocate(inputSize);
    this.output = arena.allocate(inputSize);
  }

  /// True if the system has zlib.
  public static boolean available() {
    return Library.FOUND.isPresent();
  }

  /// An encoder for inputs of this many bytes at most.
  ///
  /// @throws IllegalStateException if the system has no zlib
  public static RawDeflate open(int inputSize) {
    Library library =
        Library.FOUND.orElseThrow(
            () -> new IllegalStateException("libz.so.1 is missing; install zlib1g"));
    RawDeflate encoder = new RawDeflate(library, inputSize);
    try {
      MemorySegment version = encoder.arena.allocateFrom("1");
      int result =
          (int)
              library.init.invokeExact(
                  encoder.stream,
                  LEVEL,
                  METHOD_DEFLATED,
                  WINDOW_BITS,
                  MEMORY_LEVEL,
                  0,
                  version,
                  STREAM_SIZE);
      if (result != OK) {
        throw new IllegalStateException("deflateInit2 failed: " + result);
      }
      return encoder;
    } catch (Throwable e) {
      encoder.arena.close();
      throw unchecked(e);
    }
  }

  /// Compresses `in` and returns the length of the stream in `out`, or -1 if it would not be
  /// shorter than `in`.
  public int encode(byte[] in, byte[] out) {
    MemorySegment.copy(in, 0, input, JAVA_BYTE, 0, in.length);
    stream.set(ADDRESS, NEXT_IN, input);
    stream.set(JAVA_INT, AVAIL_IN, in.length);
    stream.set(ADDRESS, NEXT_OUT, output);
    stream.set(JAVA_INT, AVAIL_OUT, in.length - 1);
    try {
      int result = (int) library.run.invokeExact(stream, FINISH);
      int length = in.length - 1 - stream.get(JAVA_INT, AVAIL_OUT);
      int reset = (int) library.reset.invokeExact(stream);
      if (reset != OK) {
        throw new IllegalStateException("deflateReset failed: " + reset);
      }
      if (result != STREAM_END) {
        return -1;
      }
      MemorySegment.copy(output, JAVA_BYTE, 0, out, 0, length);
      return length;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      int _ = (int) library.end.invokeExact(stream);
    } catch (Throwable e) {
      throw unchecked(e);
    } finally {
      arena.close();
    }
  }

  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
