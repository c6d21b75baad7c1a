// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

/// The engine's parts, put together once.
record Parts(
    Context context,
    Journal journal,
    Resolver resolver,
    Verbs verbs,
    Sources sources,
    DiskViews diskViews,
    TreeViews trees,
    SnapshotViews snapshotViews,
    TakeSnapshot takeSnapshot,
    RevertDisk revert,
    Reaper reaper,
    DeleteDisk deleteDisk,
    CloneLinked cloneLinked,
    MakeDisk makeDisk,
    RegisterImage register,
    UnregisterImage unregister,
    Resize resize,
    ComputeVerb compute,
    ReceiveSnapshot receive,
    AdoptDisks adopt,
    LabelSnapshot label,
    FlattenJob flatten,
    JobRunner jobs) {

  static Parts of(Context context) {
    Journal journal = new Journal(context);
    Resolver resolver = new Resolver(context);
    JobRunner jobs = new JobRunner(context, journal);
    Verbs verbs = new Verbs(context, journal, resolver, jobs);
    OpenSessions sessions = new OpenSessions(context);
    Sources sources = new Sources(context, sessions);
    DiskViews diskViews = new DiskViews(context);
    MergeQueue queue = new MergeQueue(context);
    RemoveLayer remove = new RemoveLayer(context, journal);
    RetireLayer retire = new RetireLayer(context, journal, queue);
    MergeCommit commit = new MergeCommit(context, journal);
    FlattenCut cut = new FlattenCut(context, journal);
    Reaper reaper = new Reaper(context, remove, retire, queue);
    Parts parts =
        new Parts(
            context,
            journal,
            resolver,
            verbs,
            sources,
            diskViews,
            new TreeViews(context, diskViews),
            new SnapshotViews(context),
            new TakeSnapshot(context, journal),
            new RevertDisk(context, journal),
            reaper,
            new DeleteDisk(context, journal),
            new CloneLinked(context, journal),
            new MakeDisk(context, journal),
            new RegisterImage(context, journal),
            new UnregisterImage(context, journal),
            new Resize(context, journal, sources),
            new ComputeVerb(context, journal),
            new ReceiveSnapshot(context, journal, verbs),
            new AdoptDisks(context, journal),
            new LabelSnapshot(context, journal),
            new FlattenJob(context, cut, reaper, sessions),
            jobs);
    jobs.register(new MergeJob(context, commit, parts.reaper, sessions));
    jobs.register(parts.flatten);
    journal.register(cut);
    journal.register(remove);
    journal.register(commit);
    journal.register(retire);
    journal.register(parts.takeSnapshot);
    journal.register(parts.revert);
    journal.register(parts.deleteDisk);
    journal.register(parts.cloneLinked);
    journal.register(parts.makeDisk);
    journal.register(parts.register);
    journal.register(parts.unregister);
    journal.register(parts.resize);
    journal.register(parts.compute);
    journal.register(parts.receive);
    journal.register(parts.label);
    journal.register(parts.adopt);
    return parts;
  }
}
