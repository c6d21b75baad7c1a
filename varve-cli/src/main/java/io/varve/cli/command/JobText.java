// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import java.util.ArrayList;
import java.util.List;

/// Jobs in words and as JSON.
final class JobText {
  private JobText() {}

  static Shapes.Shape shape(JobView job) {
    return Shapes.shape()
        .with("id", job.id().toString())
        .with("pool", job.pool())
        .with("kind", job.kind())
        .with("subject", job.subject())
        .with("state", Shapes.word(job.state()))
        .with("totalBytes", job.totalBytes())
        .with("doneBytes", job.doneBytes())
        .with("freedBytes", job.freedBytes())
        .with("bytesPerSecond", job.bytesPerSecond() == 0 ? null : job.bytesPerSecond())
        .with("window", job.window() == null ? null : job.window().toString())
        .with("reason", job.reason())
        .with("created", job.created().toString())
        .with("started", job.started() == null ? null : job.started().toString())
        .with("ended", job.ended() == null ? null : job.ended().toString());
  }

  static Shapes.Shape shapes(List<JobView> jobs) {
    return Shapes.list("jobs", jobs.stream().map(JobText::shape).toList());
  }

  static Table table(Session session, List<JobView> jobs) {
    Table table =
        new Table(
            Column.left("JOB"),
            Column.left("KIND"),
            Column.left("OF"),
            Column.left("STATE"),
            Column.right("DONE"),
            Column.right("TOTAL"),
            Column.left("CREATED"),
            Column.left("REASON"));
    for (JobView job : jobs) {
      table.row(
          session.script() ? job.id() : job.shortId(),
          job.kind(),
          job.subject(),
          Shapes.word(job.state()),
          session.size(job.doneBytes()),
          session.size(job.totalBytes()),
          session.time(job.created()),
          job.reason() == null ? "-" : job.reason());
    }
    return table;
  }

  static List<String> lines(Session session, JobView job) {
    Table facts = new Table(Column.left(""), Column.left(""));
    facts.row("id", job.id());
    facts.row("pool", job.pool());
    facts.row("does", job.kind() + " of " + job.subject());
    facts.row("state", state(job));
    facts.row("moved", session.size(job.doneBytes()) + " of " + session.size(job.totalBytes()));
    if (job.state() == JobState.DONE) {
      facts.row("freed", session.size(job.freedBytes()));
    }
    facts.row(
        "rate",
        job.bytesPerSecond() == 0
            ? "as fast as it can"
            : session.size(job.bytesPerSecond()) + " a second at most");
    facts.row("may run", job.window() == null ? "always" : job.window().toString());
    facts.row("created", session.time(job.created()));
    if (job.started() != null) {
      facts.row("started", session.time(job.started()));
    }
    if (job.ended() != null) {
      facts.row("ended", session.time(job.ended()));
    }
    List<String> lines = new ArrayList<>();
    lines.add("job " + job.shortId());
    lines.addAll(facts.forPeople("  "));
    return lines;
  }

  private static String state(JobView job) {
    String state = Shapes.word(job.state());
    return job.reason() == null ? state : state + ": " + job.reason();
  }

  /// One line on what became of a job.
  static String line(Session session, JobView job) {
    String what = "job %s (%s of %s): ".formatted(job.shortId(), job.kind(), job.subject());
    return what
        + switch (job.state()) {
          case DONE ->
              "done; %s moved, %s freed"
                  .formatted(session.size(job.doneBytes()), session.size(job.freedBytes()));
          case QUEUED, RUNNING ->
              "%s; %s of %s moved"
                  .formatted(
                      state(job), session.size(job.doneBytes()), session.size(job.totalBytes()));
          case WAITING, PAUSED, FAILED, CANCELLED -> state(job);
        };
  }
}
