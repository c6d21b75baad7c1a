// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.ExitCode;
import io.varve.cli.UsageException;
import io.varve.engine.Jobs;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.JobWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve job`: work that verbs left behind.
@Command(
    name = "job",
    description = {
      "Work that is left to be done: merges of layers whose names are gone, and the like. A verb",
      "that moves data records a job and runs it at once; with --background it leaves the job for",
      "'varve job run' (a timer's work, say), or for the next verb that runs jobs in that pool.",
      "A job survives its program: after a kill, whoever runs it next goes on where it stood.",
      "JOB is the id that 'varve job list' shows, or a unique beginning of it.",
    },
    subcommands = {
      JobGroup.ListAll.class,
      JobGroup.Show.class,
      JobGroup.Run.class,
      JobGroup.Wait.class,
      JobGroup.Pause.class,
      JobGroup.Resume.class,
      JobGroup.Cancel.class,
      JobGroup.Set.class,
    })
final class JobGroup {
  /// Lists jobs.
  @Command(
      name = "list",
      aliases = "ls",
      description = {
        "Lists the jobs that have not ended. DONE of TOTAL are exact bytes of data that the job"
            + " has",
        "to move; data that the store can share between files costs a moment and no space.",
      },
      footerHeading = "%nExamples:%n",
      footer = {"  varve job list", "  varve job list main --all --json"})
  static final class ListAll extends Action {
    @Parameters(arity = "0..1", paramLabel = "POOL")
    @Nullable String pool;

    @Option(
        names = {"-a", "--all"},
        description = "also jobs that are done, failed or cancelled")
    boolean all;

    @Override
    void run(Session session) {
      List<JobView> jobs = session.varve().jobs().list(pool, all);
      session.answer(
          JobText.shapes(jobs),
          JobText.table(session, jobs),
          all ? "no jobs yet" : "nothing is left to be done");
    }
  }

  /// Shows one job.
  @Command(
      name = "show",
      description = "Shows what a job does, how far it is, and why it waits or failed.")
  static final class Show extends Action {
    @Parameters(paramLabel = "JOB")
    String job = "";

    @Override
    void run(Session session) {
      JobView view = session.varve().jobs().show(job);
      session.answer(JobText.shape(view), JobText.lines(session, view));
    }
  }

  /// A verb on one or more jobs.
  abstract static class OnJobs extends Action {
    @Parameters(arity = "1..*", paramLabel = "JOB")
    List<String> jobs = List.of();

    abstract JobView apply(Jobs engine, String job);

    @Override
    void run(Session session) {
      answer(session, each(session, jobs, this::apply));
    }
  }

  private static List<JobView> each(
      Session session, List<String> jobs, BiFunction<Jobs, String, JobView> verb) {
    List<JobView> views = new ArrayList<>();
    for (String job : jobs) {
      views.add(verb.apply(session.varve().jobs(), job));
    }
    return views;
  }

  private static void answer(Session session, List<JobView> views) {
    session.answer(
        JobText.shapes(views), views.stream().map(job -> JobText.line(session, job)).toList());
    if (views.stream().anyMatch(job -> job.state() == JobState.FAILED)) {
      session.exitWith(ExitCode.ERROR);
    }
  }

  /// Runs jobs.
  @Command(
      name = "run",
      description = {
        "Runs jobs here and now: those named, or all that can be run. Without names, jobs outside"
            + " of",
        "their window and paused ones are passed over; a job that waits is tried again. Made to be",
        "called by a timer: it returns when nothing is left that can be done, with code 1 if a job",
        "failed.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve job run                   all that can be run, in all pools",
        "  varve job run --pool main",
        "  varve job run 3f2a91bc          this one, also outside of its window",
      })
  static final class Run extends Action {
    @Parameters(arity = "0..*", paramLabel = "JOB")
    List<String> jobs = List.of();

    @Option(names = "--pool", paramLabel = "POOL", description = "only the jobs of this pool")
    @Nullable String pool;

    @Override
    void run(Session session) {
      if (pool != null && !jobs.isEmpty()) {
        throw new UsageException("--pool and JOB exclude each other", "give one of them");
      }
      List<JobView> views =
          jobs.isEmpty() ? session.varve().jobs().runAll(pool) : each(session, jobs, Jobs::run);
      if (views.isEmpty()) {
        session.answer(JobText.shapes(views), "nothing to do");
      } else {
        answer(session, views);
      }
    }
  }

  /// Waits for jobs.
  @Command(
      name = "wait",
      description = {
        "Returns when jobs have ended or are paused: those named, or all. It runs them itself, or",
        "follows the program that does; it waits for windows to open and for layers that are in",
        "use. There is no time-out.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve snapshot delete shop@clean --background && varve job wait")
  static final class Wait extends Action {
    @Parameters(arity = "0..*", paramLabel = "JOB")
    List<String> jobs = List.of();

    @Override
    void run(Session session) {
      List<String> awaited =
          !jobs.isEmpty()
              ? jobs
              : session.varve().jobs().list(null, false).stream()
                  .filter(job -> job.state().ready())
                  .map(job -> job.id().toString())
                  .toList();
      List<JobView> views = each(session, awaited, Jobs::await);
      if (views.isEmpty()) {
        session.answer(JobText.shapes(views), "nothing to wait for");
      } else {
        answer(session, views);
      }
    }
  }

  /// Pauses jobs.
  @Command(
      name = "pause",
      description = {
        "Stops jobs until they are resumed. One that runs stops within a moment, also in another",
        "program; what it has moved is not moved again.",
      })
  static final class Pause extends OnJobs {
    @Override
    JobView apply(Jobs engine, String job) {
      return engine.pause(job);
    }
  }

  /// Resumes jobs.
  @Command(
      name = "resume",
      description = {
        "Makes paused or failed jobs ready again. It runs nothing itself: see 'varve job run'.",
      })
  static final class Resume extends OnJobs {
    @Override
    JobView apply(Jobs engine, String job) {
      return engine.resume(job);
    }
  }

  /// Cancels jobs.
  @Command(
      name = "cancel",
      description = {
        "Stops jobs for good. Nothing reads differently for it: a layer that was to be merged",
        "stays as a retired one, and what was moved so far is in both places, until",
        "'varve pool collect' plans the merge anew.",
      })
  static final class Cancel extends OnJobs {
    @Override
    JobView apply(Jobs engine, String job) {
      return engine.cancel(job);
    }
  }

  /// Sets the terms of a job.
  @Command(
      name = "set",
      description = "Sets how fast a job may move data and when it may run, also while it runs.",
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve job set 3f2a91bc --rate 50M --window 22:00-06:00",
        "  varve job set 3f2a91bc --rate 0 --window always",
      })
  static final class Set extends Action {
    @Parameters(paramLabel = "JOB")
    String job = "";

    @Option(
        names = "--rate",
        paramLabel = "SIZE",
        converter = SizeConverter.class,
        description = "moves at most SIZE a second; 0 for as fast as it can")
    @Nullable Long rate;

    @Option(
        names = "--window",
        paramLabel = "HH:MM-HH:MM",
        description = "runs only in these hours of the day, local time; 'always' for any")
    @Nullable String window;

    @Override
    void run(Session session) {
      if (rate == null && window == null) {
        throw new UsageException("nothing to set", "give --rate or --window");
      }
      Jobs engine = session.varve().jobs();
      if (window != null) {
        engine.setWindow(job, window.equals("always") ? null : JobWindow.parse(window));
      }
      JobView view = rate == null ? engine.show(job) : engine.limit(job, rate);
      session.answer(JobText.shape(view), JobText.lines(session, view));
    }
  }
}
