// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Draws a tree as lines: the marks before each node. A node follows its parent, and its depth
/// costs no stack. From [#MARKED_DEPTH] on the depth is written as a number: a chain of a thousand
/// would otherwise run off the screen. The parent is then the nearest line above of one depth less.
public final class TreeLines {
  static final int MARKED_DEPTH = 12;

  /// A node and the text before its name.
  ///
  /// @param marks such as `│ └─ `, empty for a root
  /// @param node the node
  public record Line<T>(String marks, T node) {}

  private record Pending<T>(T node, int depth, String stem, boolean last) {}

  private final String tee;
  private final String corner;
  private final String pipe;

  /// @param unicode true draws with box characters, false with ASCII
  public TreeLines(boolean unicode) {
    this.tee = unicode ? "├─ " : "|- ";
    this.corner = unicode ? "└─ " : "`- ";
    this.pipe = unicode ? "│  " : "|  ";
  }

  /// The lines of a forest, children in the order given.
  ///
  /// @param roots they stand at the left edge
  /// @param children of a node; the nodes must form trees
  public <T> List<Line<T>> of(List<T> roots, Function<T, List<T>> children) {
    List<Line<T>> lines = new ArrayList<>();
    List<Pending<T>> stack = new ArrayList<>();
    for (T root : roots.reversed()) {
      stack.add(new Pending<>(root, 0, "", true));
    }
    while (!stack.isEmpty()) {
      Pending<T> next = stack.removeLast();
      lines.add(new Line<>(marks(next), next.node));
      String stem = stemBelow(next);
      List<T> below = children.apply(next.node);
      for (int i = below.size() - 1; i >= 0; i--) {
        stack.add(new Pending<>(below.get(i), next.depth + 1, stem, i == below.size() - 1));
      }
    }
    return lines;
  }

  private String marks(Pending<?> node) {
    if (node.depth == 0) {
      return "";
    }
    if (node.depth > MARKED_DEPTH) {
      return "(" + node.depth + ") ";
    }
    return node.stem + (node.last ? corner : tee);
  }

  private String stemBelow(Pending<?> node) {
    if (node.depth == 0 || node.depth > MARKED_DEPTH) {
      return "";
    }
    return node.stem + (node.last ? "   " : pipe);
  }
}
