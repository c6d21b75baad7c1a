// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import java.io.IOException;

/// What jobs of one kind do. A job may have been cut short at any moment, by a kill or a pause: it
/// is then run again from the start, asks the files what is done already, and goes on from there.
interface JobKind {
  /// As the catalog spells it.
  String name();

  /// Does the work, or what is left of it, and returns when all is done. Holds no lock of a family
  /// but for the moments of [JobRun#alone], so that verbs and sessions go on beside it.
  ///
  /// @throws JobWaitException if it cannot go on now and should be tried again later; so it is for
  ///   an [io.varve.image.ImageInUseException]
  /// @throws IOException any other failure ends the job, until it is resumed
  void run(JobRun run) throws IOException;
}
