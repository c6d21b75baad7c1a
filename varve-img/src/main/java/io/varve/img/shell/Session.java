// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.debug.DebugRules;
import io.varve.img.open.Images;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state of one run of the shell: the open image, if any, and what has not been reported yet.
///
/// **Threads.** One.
public final class Session {
  private final Console console;
  private final Images images;
  private final Pending pending;
  private @Nullable Device device;
  private @Nullable OpenRequest openedBy;
  private final boolean imageOpts;
  private boolean quit;

  /// @param imageOpts images are named by option strings
  public Session(Console console, Images images, boolean imageOpts) {
    this.imageOpts = imageOpts;
    this.console = console;
    this.images = images;
    this.pending = new Pending(console.out());
  }

  Console console() {
    return console;
  }

  boolean imageOpts() {
    return imageOpts;
  }

  Images images() {
    return images;
  }

  PrintStream out() {
    return console.out();
  }

  /// Requests that were submitted and not reported yet.
  Pending pending() {
    return pending;
  }

  boolean isOpen() {
    return device != null;
  }

  /// The open image; a command that needs one runs only when there is one.
  Device device() {
    if (device == null) {
      throw new IllegalStateException("no image is open");
    }
    return device;
  }

  /// How the open image was asked for.
  OpenRequest openedBy() {
    if (openedBy == null) {
      throw new IllegalStateException("no image is open");
    }
    return openedBy;
  }

  /// Opens an image unless one is open.
  ///
  /// @throws ImgException `file open already…`, or `can't open…`
  public void open(OpenRequest request) throws ImgException {
    if (device != null) {
      throw new ImgException("file open already, try 'help close'");
    }
    String share = request.options().get("force-share");
    if (request.forceShare() && share != null && !share.equals("on")) {
      throw new ImgException("-U conflicts with image options");
    }
    try {
      device = request.open(this);
      openedBy = request;
    } catch (ImgException e) {
      String name = request.name();
      throw e.after("can't open" + (name == null ? "" : " device " + name));
    }
  }

  /// Opens the same image in another way; while that fails the old way stays.
  void reopen(OpenRequest request) throws ImgException {
    OpenRequest old = openedBy();
    close();
    try {
      device = request.open(this);
      openedBy = request;
    } catch (ImgException e) {
      device = old.open(this);
      openedBy = old;
      throw e;
    }
  }

  /// Ends what is pending and closes the image. What cannot be written any more is said.
  public void close() {
    letGo();
    pending.reportAll();
    Device open = device;
    device = null;
    openedBy = null;
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (IOException e) {
      String reason = DeviceException.words(e);
      console.error("Failed to flush the L2 table cache: " + reason);
      console.error("Failed to flush the refcount block cache: " + reason);
    }
  }

  /// Nobody can resume a stopped request any more.
  private void letGo() {
    DebugRules rules = device == null ? null : device.image().debugRules();
    if (rules != null) {
      rules.resumeAll();
    }
  }

  /// True once a command has asked to end the run.
  public boolean hasQuit() {
    return quit;
  }

  void quit() {
    quit = true;
  }

  /// Reports what the event loop finds while it waits for a line.
  public void reportWithoutWaiting() {
    pending.reportImmediate();
  }

  /// Runs one line; false if it failed. A line without words does nothing.
  public boolean run(String line) {
    List<String> words = split(line);
    if (words.isEmpty()) {
      return true;
    }
    String name = words.getFirst();
    ShellCommand command = ShellCommands.find(name);
    if (command == null) {
      console.line("command \"" + name + "\" not found");
      return false;
    }
    if (device == null && command.needs() != ShellCommand.Needs.NOTHING) {
      console.line("no file open, try 'help open'");
      return false;
    }
    String complaint = command.complaint(name, words.size() - 1);
    if (complaint != null) {
      console.line(complaint);
      return false;
    }
    if (command.needs() == ShellCommand.Needs.WRITABLE_IMAGE && !device().writable()) {
      console.error("Block node is read-only");
      return false;
    }
    return runCommand(command, words);
  }

  private boolean runCommand(ShellCommand command, List<String> words) {
    try {
      return command.run(this, words);
    } catch (ImgException e) {
      console.error(e.text());
      for (String hint : e.hints()) {
        console.line(hint);
      }
    } catch (IOException e) {
      console.error(DeviceException.words(e));
    }
    return false;
  }

  /// Words are what spaces separate; there is no quoting.
  private static List<String> split(String line) {
    List<String> words = new ArrayList<>();
    int at = 0;
    while (at < line.length()) {
      int space = line.indexOf(' ', at);
      int end = space < 0 ? line.length() : space;
      if (end > at) {
        words.add(line.substring(at, end));
      }
      at = end + 1;
    }
    return words;
  }
}
