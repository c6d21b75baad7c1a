// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.util.ArrayList;
import java.util.List;

/// Columns of text. For people: a heading, two spaces between columns, numbers to the right. For
/// scripts (`-H`): no heading, one tab between columns, as ZFS does.
public final class Table {
  /// One column.
  ///
  /// @param title its heading
  /// @param right true puts it to the right, as figures want it
  public record Column(String title, boolean right) {
    public static Column left(String title) {
      return new Column(title, false);
    }

    public static Column right(String title) {
      return new Column(title, true);
    }
  }

  private final List<Column> columns;
  private final List<List<String>> rows = new ArrayList<>();

  public Table(Column... columns) {
    this.columns = List.of(columns);
  }

  /// Adds a row of as many cells as there are columns.
  public Table row(Object... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(cells.length + " cells in " + columns.size() + " columns");
    }
    List<String> row = new ArrayList<>(cells.length);
    for (Object cell : cells) {
      row.add(String.valueOf(cell));
    }
    rows.add(row);
    return this;
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /// The lines for scripts: cells as they are, one tab between them.
  public List<String> forScripts() {
    return rows.stream()
        .map(row -> String.join("\t", row.stream().map(String::strip).toList()))
        .toList();
  }

  /// The lines for people, each behind `indent`.
  public List<String> forPeople(String indent) {
    List<String> titles = columns.stream().map(Column::title).toList();
    int[] widths = widths(titles);
    List<String> lines = new ArrayList<>(rows.size() + 1);
    if (titles.stream().anyMatch(title -> !title.isEmpty())) {
      lines.add(indent + line(titles, widths));
    }
    for (List<String> row : rows) {
      lines.add(indent + line(row, widths));
    }
    return lines;
  }

  private int[] widths(List<String> titles) {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = width(titles.get(i));
      for (List<String> row : rows) {
        widths[i] = Math.max(widths[i], width(row.get(i)));
      }
    }
    return widths;
  }

  private String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String pad = " ".repeat(widths[i] - width(cells.get(i)));
      line.append(i == 0 ? "" : "  ");
      line.append(columns.get(i).right() ? pad + cells.get(i) : cells.get(i) + pad);
    }
    return line.toString().stripTrailing();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}
