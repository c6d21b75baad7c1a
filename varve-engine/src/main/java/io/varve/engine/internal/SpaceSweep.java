// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import java.util.BitSet;
import java.util.PriorityQueue;

/// Counts who reads which data in a tree of layers, in one pass over all runs by guest offset.
///
/// Nodes are numbered so that what stands on a node comes right behind it: the nodes of a subtree
/// are `node` to `end[node]`. Between two ends of runs nothing changes, so there the readers of a
/// layer that holds something are the live nodes of its subtree less those of the nearest holders
/// above it: with running sums over the numbers that takes one step for each holder, however many
/// nodes there are. For one thread, used once.
final class SpaceSweep {
  private final int nodes;
  private final int[] end;
  private final int[] liveBefore;
  private final long[] sumBefore;
  private final LayerRuns[] runs;
  private final int focus;

  private final int[] run;
  private final BitSet holding;
  private final int[] holders;
  private final int[] nearest;
  private final int[] readers;
  private final long[] reader;
  private final int[] open;
  private final long[] stored;

  private final long[] referencedSteps;
  private final int[] sharingSteps;

  /// Data of each layer that nobody reads.
  final long[] dead;

  /// Data that only this node reads.
  final long[] exclusive;

  /// Data that this node reads.
  final long[] referenced;

  /// True for nodes that read some of what the focus reads.
  final BitSet sharing;

  /// Data that two or more read, each byte once.
  long shared;

  /// @param end of each node's subtree, exclusive
  /// @param live which nodes read: disks and snapshots, not retired layers
  /// @param runs of each node
  /// @param focus the node to find sharers of, or -1
  SpaceSweep(int[] end, BitSet live, LayerRuns[] runs, int focus) {
    this.nodes = end.length;
    this.end = end;
    this.runs = runs;
    this.focus = focus;
    this.run = new int[nodes];
    this.holding = new BitSet(nodes);
    this.holders = new int[nodes];
    this.nearest = new int[nodes];
    this.readers = new int[nodes];
    this.reader = new long[nodes];
    this.open = new int[nodes];
    this.stored = new long[nodes];
    this.liveBefore = new int[nodes + 1];
    this.sumBefore = new long[nodes + 1];
    for (int i = 0; i < nodes; i++) {
      liveBefore[i + 1] = liveBefore[i] + (live.get(i) ? 1 : 0);
      sumBefore[i + 1] = sumBefore[i] + (live.get(i) ? i : 0);
    }
    this.referencedSteps = new long[nodes + 1];
    this.sharingSteps = new int[nodes + 1];
    this.dead = new long[nodes];
    this.exclusive = new long[nodes];
    this.referenced = new long[nodes];
    this.sharing = new BitSet(nodes);
  }

  /// The next end of a run of a node.
  private record Edge(long at, int node) implements Comparable<Edge> {
    @Override
    public int compareTo(Edge other) {
      return Long.compare(at, other.at);
    }
  }

  /// Goes over all runs.
  SpaceSweep run() {
    PriorityQueue<Edge> edges = new PriorityQueue<>();
    for (int i = 0; i < nodes; i++) {
      if (runs[i].count() > 0) {
        edges.add(new Edge(runs[i].start(0), i));
      }
    }
    long at = 0;
    for (Edge edge = edges.poll(); edge != null; edge = edges.poll()) {
      if (edge.at > at && !holding.isEmpty()) {
        count(at, edge.at);
      }
      at = edge.at;
      int node = edge.node;
      if (!holding.get(node)) {
        holding.set(node);
        edges.add(new Edge(runs[node].end(run[node]), node));
      } else {
        holding.clear(node);
        if (++run[node] < runs[node].count()) {
          edges.add(new Edge(runs[node].start(run[node]), node));
        }
      }
    }
    sumUp();
    return this;
  }

  private void sumUp() {
    long bytes = 0;
    int marks = 0;
    for (int i = 0; i < nodes; i++) {
      bytes += referencedSteps[i];
      marks += sharingSteps[i];
      boolean live = liveBefore[i + 1] > liveBefore[i];
      referenced[i] = live ? bytes : 0;
      sharing.set(i, live && marks > 0 && i != focus);
    }
  }

  /// A stretch in which the same layers hold something all along.
  private void count(long from, long to) {
    int found = findHolders();
    // The holder that the focus reads: the nearest one at or beneath it.
    int seen = -1;
    for (int i = 0; i < found; i++) {
      if (holders[i] <= focus && focus < end[holders[i]]) {
        seen = i;
      }
    }
    if (seen >= 0 && runs[holders[seen]].bytes(run[holders[seen]], from, to) == 0) {
      seen = -1;
    }
    for (int i = 0; i < found; i++) {
      int node = holders[i];
      stored[i] = runs[node].bytes(run[node], from, to);
      long bytes = stored[i];
      reads(node, bytes, i == seen ? 1 : 0);
      if (nearest[i] >= 0) {
        reads(node, -stored[nearest[i]], nearest[i] == seen ? -1 : 0);
      }
      if (readers[i] == 0) {
        dead[node] += bytes;
      } else if (readers[i] == 1) {
        exclusive[(int) reader[i]] += bytes;
      } else {
        shared += bytes;
      }
    }
  }

  /// Notes that a node and all that stands on it read so much more.
  private void reads(int node, long bytes, int marks) {
    referencedSteps[node] += bytes;
    referencedSteps[end[node]] -= bytes;
    if (marks != 0) {
      sharingSteps[node] += marks;
      sharingSteps[end[node]] -= marks;
    }
  }

  /// Lists the holders by number, finds the nearest one beneath each, and counts readers. Returns
  /// how many there are.
  private int findHolders() {
    int found = 0;
    int depth = 0;
    for (int node = holding.nextSetBit(0); node >= 0; node = holding.nextSetBit(node + 1)) {
      while (depth > 0 && end[holders[open[depth - 1]]] <= node) {
        depth--;
      }
      int live = liveBefore[end[node]] - liveBefore[node];
      long sum = sumBefore[end[node]] - sumBefore[node];
      holders[found] = node;
      readers[found] = live;
      reader[found] = sum;
      nearest[found] = depth == 0 ? -1 : open[depth - 1];
      if (depth > 0) {
        readers[nearest[found]] -= live;
        reader[nearest[found]] -= sum;
      }
      open[depth++] = found++;
    }
    return found;
  }
}
