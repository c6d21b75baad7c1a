// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.util.List;

/// The image lock that an open file holds until it is closed. The locks are QEMU's, so that a
/// running QEMU and Varve keep each other out:
///
/// | mode | whose way | has | does not share | locked bytes |
/// |---|---|---|---|---|
/// | [#FORCE_SHARE] | `-U` of qemu-img, read-only | read | | 100 |
/// | [#SHARED_READER] | a read-only opener, every base | read | write, resize | 100 201 203 |
/// | [#FILLER] | one who fills a layer in without changing what it shows | read, write unchanged | write, write unchanged, resize | 100 102 201 202 203 |
/// | [#STATE_READER] | ours alone: who reads the state that this layer is | read | write, resize, absorb | 100 201 203 204 |
/// | [#ABSORBER] | ours alone: a filler after whom the state of this layer is gone | read, write unchanged, absorb | write, write unchanged, resize | 100 102 104 201 202 203 |
/// | [#WRITER] | a VM, any read-write opener | read, write, resize | write, resize | 100 101 103 201 203 |
public enum LockMode {
  /// No locks: for a file that nobody else can reach, or a file system that has none.
  NONE(List.of(), List.of()),
  /// Reads a file that a writer may be changing; what is read may be torn.
  FORCE_SHARE(List.of(Permission.READ), List.of()),
  /// Reads together with other readers, never with a writer.
  SHARED_READER(List.of(Permission.READ), List.of(Permission.WRITE, Permission.RESIZE)),
  /// Changes a frozen layer, or keeps others from doing so, in a way that no reader of its chain
  /// can see; goes together with readers, never with a writer or another of its kind. The file gets
  /// longer, which whoever opened it before need not know.
  FILLER(
      List.of(Permission.READ, Permission.WRITE_UNCHANGED),
      List.of(Permission.WRITE, Permission.WRITE_UNCHANGED, Permission.RESIZE)),
  /// As a shared reader, who reads what this layer itself shows, and not only what layers on it
  /// show: nobody may merge those into it.
  STATE_READER(
      List.of(Permission.READ), List.of(Permission.WRITE, Permission.RESIZE, Permission.ABSORB)),
  /// As a filler, and it may fill in what a layer above holds: whoever reads through that one sees
  /// no change, whoever reads the state of this one would.
  ABSORBER(
      List.of(Permission.READ, Permission.WRITE_UNCHANGED, Permission.ABSORB),
      List.of(Permission.WRITE, Permission.WRITE_UNCHANGED, Permission.RESIZE)),
  /// Alone, but for those who force themselves upon it.
  WRITER(
      List.of(Permission.READ, Permission.WRITE, Permission.RESIZE),
      List.of(Permission.WRITE, Permission.RESIZE));

  private final List<Permission> needed;
  private final List<Permission> unshared;

  LockMode(List<Permission> needed, List<Permission> unshared) {
    this.needed = needed;
    this.unshared = unshared;
  }

  List<Permission> needed() {
    return needed;
  }

  List<Permission> unshared() {
    return unshared;
  }

  /// The permissions that the locks speak of; the number is the one in their byte offsets.
  enum Permission {
    READ(0, "consistent read", "reading"),
    WRITE(1, "write", "writing"),
    WRITE_UNCHANGED(2, "write unchanged", "filling in"),
    RESIZE(3, "resize", "resizing"),
    /// None of QEMU's, which looks at the four above only.
    ABSORB(4, "absorb", "merging away");

    private final int number;
    private final String qemuName;
    private final String doing;

    Permission(int number, String qemuName, String doing) {
      this.number = number;
      this.qemuName = qemuName;
      this.doing = doing;
    }

    /// The byte whose lock says: the holder does this.
    long hasByte() {
      return 100L + number;
    }

    /// The byte whose lock says: the holder lets nobody else do this.
    long unsharedByte() {
      return 200L + number;
    }

    /// The name that QEMU's messages give it.
    String qemuName() {
      return qemuName;
    }

    String doing() {
      return doing;
    }
  }
}
