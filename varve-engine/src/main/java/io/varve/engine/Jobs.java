// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.JobView;
import io.varve.engine.model.JobWindow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Work that verbs leave behind: merges of layers whose names are gone, and the like.
///
/// A job is a row in the catalog, and survives its program. It is done by whoever runs it: nothing
/// runs by itself. Its steps can be repeated and find themselves done, so that a job whose program
/// was killed is simply run again. It never ends by the clock.
///
/// A job is named by its id, or by any unique beginning of it of at least four characters. Every
/// method may be called from any thread and any process, also while the job runs, and throws
/// [VarveException].
public interface Jobs {
  /// By time of creation.
  ///
  /// @param pool of this pool alone, or null for all
  /// @param ended also those that are done, failed or cancelled
  List<JobView> list(@Nullable String pool, boolean ended);

  JobView show(String id);

  /// Runs a job in this thread, until it ends, or waits, or is paused. If another program runs it,
  /// returns at once. Being asked by name, a job runs outside of its window too.
  JobView run(String id);

  /// Runs, one after another, all jobs that can be run now, also those that come in meanwhile.
  /// Returns what became of each.
  ///
  /// @param pool of this pool alone, or null for all
  List<JobView> runAll(@Nullable String pool);

  /// Returns when the job has ended or is paused: by running it here, or while another program
  /// does. Waits for its window, and for a layer that is in use.
  JobView await(String id);

  /// Stops the job at its next step, until it is resumed. One that has ended stays as it is.
  JobView pause(String id);

  /// Makes a paused or failed job ready to be run again.
  JobView resume(String id);

  /// Stops the job for good. What it has moved so far stays where it is; nothing reads differently.
  JobView cancel(String id);

  /// Sets how fast the job may move data, also while it runs.
  ///
  /// @param bytesPerSecond 0 for as fast as it can
  JobView limit(String id, long bytesPerSecond);

  /// Sets when the job may run.
  ///
  /// @param window null for always
  JobView setWindow(String id, @Nullable JobWindow window);
}
