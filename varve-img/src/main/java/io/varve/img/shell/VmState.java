// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.chain.Chain;
import java.io.IOException;

/// The area behind a qcow2 disk where the state of a virtual machine is kept.
final class VmState {
  private VmState() {}

  static VmState of(Chain chain) throws IOException {
    throw new DeviceException(DeviceException.UNSUPPORTED);
  }

  void read(long offset, long length, Device.Sink sink) throws IOException {}

  void write(long offset, long length, Device.Source source) throws IOException {}
}
