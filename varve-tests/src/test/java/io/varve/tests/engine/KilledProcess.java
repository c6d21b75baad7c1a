// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.GuestReader;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A [KillChild] at work, and the end of it.
final class KilledProcess implements Closeable {
  /// What a step may take before one was seen.
  private static final long GUESS_NANOS = 40_000_000;

  /// The next step of a kind may take a little longer than the last.
  private static final double REACH = 1.2;

  /// How long the last step of each kind took, in any child.
  private static final Map<Class<?>, Long> DURATIONS = new ConcurrentHashMap<>();

  private final Process process;
  private final Path errors;
  private final ObjectOutputStream in;
  private final BufferedReader out;

  private KilledProcess(Process process, Path errors) throws IOException {
    this.process = process;
    this.errors = errors;
    this.in = new ObjectOutputStream(process.getOutputStream());
    this.in.flush();
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /// Starts it on a bed and waits until it takes steps.
  static KilledProcess start(Path root, boolean virtual) throws IOException {
    Path errors = root.resolve("child.err");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            KillChild.class.getName(),
            root.toString(),
            virtual ? "virtual" : "external");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    KilledProcess child = new KilledProcess(process, errors);
    child.require(child.out.readLine(), KillChild.READY);
    return child;
  }

  private void require(@Nullable String answer, String expected) throws IOException {
    if (answer == null || !answer.startsWith(expected)) {
      process.destroyForcibly();
      throw new AssertionError("the child said " + answer + ": " + Files.readString(errors));
    }
  }

  /// Takes a step in the child, then in the oracle.
  void take(PoolOp op, PoolModel model) throws IOException {
    long begin = System.nanoTime();
    begin(op);
    String answer = out.readLine();
    DURATIONS.put(op.getClass(), System.nanoTime() - begin);
    if (answer == null || !answer.equals(KillChild.REFUSED)) {
      require(answer, KillChild.DONE);
      model.apply(op, new Acknowledged(answer));
    }
  }

  private void begin(PoolOp op) throws IOException {
    in.writeObject(op);
    in.flush();
  }

  /// Takes a step in the child and kills the child in the midst of it.
  ///
  /// @param when from 0, at its beginning, to 1, about at its end
  /// @return true if the step was acknowledged, and the oracle has taken it, too
  boolean takeAndKill(PoolOp op, PoolModel model, double when) throws IOException {
    long usual = DURATIONS.getOrDefault(op.getClass(), GUESS_NANOS);
    long nanos = (long) (usual * REACH * when);
    begin(op);
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    close();
    String answer = out.readLine();
    if (answer == null) {
      return false;
    }
    if (!answer.equals(KillChild.REFUSED)) {
      require(answer, KillChild.DONE);
      model.apply(op, new Acknowledged(answer));
    }
    return true;
  }

  /// Kills it and waits until it is gone.
  @Override
  public void close() throws IOException {
    // Not by the Process, which would close the streams with what they still hold.
    process.toHandle().destroyForcibly();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new IOException("process " + process.pid() + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// What the child said of a step.
  private record Acknowledged(String answer) implements PoolModel.Seen {
    @Override
    public GuestReader reader(String disk) {
      throw new AssertionError("the child has the pool open");
    }

    @Override
    public long[] mustBeZero(PoolOp.Discard op) {
      throw new AssertionError("the child has the pool open");
    }

    @Override
    public String takenFor(PoolOp.FastClone op) {
      return answer.substring(KillChild.DONE.length());
    }
  }
}
