// SPDX-License-Identifier: Apache-2.0

/// Virtual machine disks on standard qcow2, in plain Java: open a chain, read, write, snapshot,
/// convert. The library needs no JSON, SQL, HTTP or logging library.
///
/// ## Quick start
///
/// ```java
/// // A new, empty image of 10 GiB.
/// try (FileStorage file = FileStorage.create(folder.resolve("disk.qcow2"), LockMode.WRITER)) {
///   Qcow2Create.create(file, Qcow2CreateOptions.ofSize(10L << 30));
/// }
///
/// // A chain is the image and all that lies beneath it; the gate says which files may be named.
/// ChainOptions options = ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder)));
/// try (Chain disk = Chain.open(folder.resolve("disk.qcow2"), LayerFormat.QCOW2, options)) {
///   disk.write(GuestOffset.of(1 << 20), ByteBuffer.wrap("first".getBytes(UTF_8)));
///   disk.flush(); // from here on a crash cannot lose it
///
///   // A snapshot inside the image; the next write copies what it changes.
///   InternalSnapshots snapshots = ((Qcow2Layer) disk.top()).snapshots();
///   snapshots.create("before", clock.instant());
///   disk.write(GuestOffset.of(1 << 20), ByteBuffer.wrap("other".getBytes(UTF_8)));
///   snapshots.apply("before");
///
///   ByteBuffer five = ByteBuffer.allocate(5);
///   disk.read(GuestOffset.of(1 << 20), five);
///   said.add(new String(five.array(), UTF_8)); // "first"
///
///   // A copy that depends on nothing, with progress; throwing CancellationException ends it.
///   try (FileStorage file = FileStorage.create(folder.resolve("copy.raw"), LockMode.WRITER)) {
///     file.truncate(disk.size());
///     try (RawLayer copy = RawLayer.open(file, true)) {
///       Progress progress =
///           (done, total) -> {
///             if (stop.getAsBoolean()) {
///               throw new CancellationException();
///             }
///             said.add(done * 100 / total + " %");
///           };
///       CopyOp.copy(disk, copy, 2, progress);
///     }
///   }
/// }
/// ```
///
/// ## Where to look
///
/// - [io.varve.image.chain.Chain]: reading and writing a disk through its layers
/// - [io.varve.image.qcow2.Qcow2Layer]: one qcow2 file, its snapshots, its bitmaps
/// - `io.varve.image.op`: work across whole disks: copy, compare, merge
/// - `io.varve.image.storage`: where bytes lie; implement [io.varve.image.storage.Storage] for a
///   store of your own
/// - `io.varve.image.qcow2.format`: the tables of the specification
///
/// ## Rules that hold everywhere
///
/// - Lengths, offsets and sizes are bytes.
/// - What is open may be used by many threads at once; [Layer], [WritableLayer] and
///   [io.varve.image.storage.Storage] say what they promise. Disk work belongs on platform threads.
/// - Errors are `IOException`s: [ImageException] and its subclasses say what is wrong with an
///   image, with the file's name, what was expected, and a cure where there is one.
/// - A format is declared, never guessed, and a file that an image names is opened only if the
///   [io.varve.image.chain.OpenGate] lets it.
package io.varve.image;
