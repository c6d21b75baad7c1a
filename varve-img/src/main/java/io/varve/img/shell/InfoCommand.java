// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.info.FormatSpecific;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/// `info`: what the open image is.
final class InfoCommand extends ShellCommand {
  InfoCommand() {
    super("info", 0, 0, Needs.IMAGE, "", "prints information about the current file");
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    PrintStream out = session.out();
    Device device = session.device();
    boolean filtered = device.image().copyOnRead();
    String format = filtered ? "copy-on-read" : device.image().formatName();
    out.print("format name: " + format + "\n");
    if (!(device.chain().top() instanceof Qcow2Layer layer)) {
      out.print("cluster size: 0 bytes\nvm state offset: 0 bytes\n");
      return true;
    }
    Qcow2Info info = layer.info();
    out.print("cluster size: " + Numbers.amount(info.clusterSize()) + "\n");
    long perTable = (long) info.clusterSize() / (info.extendedL2() ? 16 : 8) * info.clusterSize();
    long vmState = Math.ceilDiv(info.virtualSize(), perTable) * perTable;
    out.print("vm state offset: " + Numbers.amount(vmState) + "\n");
    if (!filtered) {
      out.print(FormatSpecific.ofQcow2(layer.storage()));
    }
    return true;
  }
}
