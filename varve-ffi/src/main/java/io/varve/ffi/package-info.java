// SPDX-License-Identifier: Apache-2.0

/// System calls of Linux on files. Nothing outside this package calls a restricted method.
///
/// They enter the kernel through one gate: `syscall(2)` of the C library by the foreign function
/// and memory API, or, where a launcher names it, a library of a few instructions that does the
/// same and is ready at once (docs/adr/0008).
///
/// | class | what |
/// |---|---|
/// | [io.varve.ffi.Fd] | an open file: the calls on it, safe against a close at the same time |
/// | [io.varve.ffi.FileLocks] | OFD byte-range locks of an open file |
/// | [io.varve.ffi.Errno], [io.varve.ffi.SystemCallException] | what went wrong, as a value |
/// | [io.varve.ffi.FileStat], [io.varve.ffi.FileSystemStat] | what `statx` and `statfs` tell |
///
/// The layouts are those of 64-bit Linux on x86_64 and aarch64, which agree in everything used here
/// except some open flags ([io.varve.ffi.OpenFlag]). [io.varve.ffi.Platform#require()] refuses
/// every other system before the first call.
///
/// Heap buffers are copied through a native buffer of the calling thread. `Linker.Option.critical`
/// would save the copy, but keeps the garbage collector waiting while the call runs, and a disk can
/// take seconds: one slow read would stop every thread of the process.
package io.varve.ffi;
