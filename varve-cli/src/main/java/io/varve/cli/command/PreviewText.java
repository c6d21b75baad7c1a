// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DeletePreview.Direction;
import io.varve.engine.model.DeletePreview.Step;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a delete would do, in words and as JSON.
final class PreviewText {
  private PreviewText() {}

  static void answer(Session session, List<DeletePreview> previews) {
    List<String> lines = new ArrayList<>();
    previews.forEach(preview -> lines.addAll(lines(session, preview)));
    lines.add("nothing was changed");
    List<Shapes.Shape> shapes = previews.stream().map(PreviewText::shape).toList();
    session.answer(shapes.size() == 1 ? shapes.getFirst() : Shapes.list("previews", shapes), lines);
  }

  static Shapes.Shape shape(DeletePreview preview) {
    return Shapes.shape()
        .with("snapshots", preview.snapshots())
        .with("freedBytes", preview.freedBytes())
        .with("movedBytes", preview.movedBytes())
        .with("freedInFileBytes", preview.freedInFileBytes())
        .with("steps", preview.steps().stream().map(PreviewText::step).toList())
        .with("dependents", preview.dependents())
        .with("notes", preview.notes());
  }

  private static Shapes.Shape step(Step step) {
    Direction direction = step.direction();
    return Shapes.shape()
        .with("action", Shapes.word(step.action()))
        .with("layers", step.layers())
        .with("into", step.into())
        .with("direction", direction == null ? null : Shapes.word(direction))
        .with("movedBytes", step.movedBytes())
        .with("freedBytes", step.freedBytes());
  }

  static List<String> lines(Session session, DeletePreview preview) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "deleting %s frees %s and moves %s"
            .formatted(
                String.join(", ", preview.snapshots()),
                session.size(preview.freedBytes() + preview.freedInFileBytes()),
                session.size(preview.movedBytes())));
    preview.steps().forEach(step -> lines.add("  " + line(session, step)));
    if (preview.freedInFileBytes() > 0) {
      lines.add("  %s of it inside the image".formatted(session.size(preview.freedInFileBytes())));
    }
    if (!preview.dependents().isEmpty()) {
      lines.add("  stays as it is: " + String.join(", ", preview.dependents()));
    }
    preview.notes().forEach(note -> lines.add("  " + note));
    return lines;
  }

  private static String line(Session session, Step step) {
    String layers = String.join(", ", step.layers());
    return switch (step.action()) {
      case REMOVE -> "%s: its file goes, %s".formatted(layers, session.size(step.freedBytes()));
      case KEEP -> "%s: its name goes; several nodes read its file, which stays".formatted(layers);
      case MERGE ->
          "%s: merged %s %s, %s moved, %s freed"
              .formatted(
                  layers,
                  how(step.direction()),
                  step.into(),
                  session.size(step.movedBytes()),
                  session.size(step.freedBytes()));
    };
  }

  private static String how(@Nullable Direction direction) {
    if (direction == null) {
      return "into";
    }
    return switch (direction) {
      case UP -> "up into";
      case DOWN -> "down with";
      case BOTH -> "from both sides with";
    };
  }
}
