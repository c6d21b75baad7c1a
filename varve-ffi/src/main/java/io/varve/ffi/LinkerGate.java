// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// Calls `syscall(2)` of the C library through the foreign function API. Works wherever Java 25
/// does and needs nothing besides.
///
/// Every call goes through this one function: the linker spins classes for each shape of arguments,
/// some 15 ms at the first, and every further shape would add to the start of each program.
final class LinkerGate implements Gate {
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> OF_THREAD =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  // long syscall(long number, ...);
  private static final MethodHandle SYSCALL = link();

  private static MethodHandle link() {
    Linker linker = Linker.nativeLinker();
    MemorySegment address =
        linker
            .defaultLookup()
            .find("syscall")
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library lacks 'syscall'"));
    return linker.downcallHandle(
        address,
        FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
        Linker.Option.firstVariadicArg(1),
        Linker.Option.captureCallState("errno"));
  }

  @Override
  public long call(long number, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = OF_THREAD.get();
    try {
      long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
      return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
    } catch (Throwable impossible) {
      throw new LinkageError("syscall", impossible);
    }
  }
}
