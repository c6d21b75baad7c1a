// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;

/// The program that [VerbKillIT] kills: takes the steps that come in on standard input, and says on
/// standard output when each is done.
final class KillChild {
  /// Follows the name of the snapshot that was taken for a clone, if one was.
  static final String DONE = "done ";

  static final String REFUSED = "refused";
  static final String READY = "ready";

  private KillChild() {}

  /// @param args the folder of the bed; `virtual` or `external`
  public static void main(String[] args) throws IOException, ClassNotFoundException {
    OutputStream out = System.out;
    boolean virtual = args[1].equals("virtual");
    try (PoolBed bed = PoolBed.onDisk(Path.of(args[0]), virtual, InstantSource.system());
        ObjectInputStream in = new ObjectInputStream(System.in)) {
      say(out, READY);
      while (in.readObject() instanceof PoolOp op) {
        boolean done = bed.apply(op);
        say(out, done ? DONE + (op instanceof PoolOp.FastClone c ? bed.takenFor(c) : "") : REFUSED);
      }
    }
  }

  /// In one call, so that nothing of it waits in a buffer of this program.
  private static void say(OutputStream out, String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
