// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import java.util.ArrayList;
import java.util.List;

/// A command failed. The message is what follows `qemu-img: ` on standard error; hints follow it on
/// lines of their own, as they are.
public final class ImgException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exit;
  private final transient List<String> messages = new ArrayList<>();
  private final transient List<String> hints = new ArrayList<>();

  public ImgException(String message) {
    this(1, message);
  }

  /// @param exit the exit code of the program
  public ImgException(int exit, String message) {
    super(message);
    this.exit = exit;
  }

  /// The same failure, said after what was being done: `doing: message`.
  public ImgException after(String doing) {
    return with(exit, doing + ": " + getMessage());
  }

  /// The same failure with another exit code.
  public ImgException withExit(int code) {
    return with(code, text());
  }

  private ImgException with(int code, String message) {
    ImgException other = new ImgException(code, message);
    other.initCause(this);
    other.messages.addAll(messages);
    other.hints.addAll(hints);
    return other;
  }

  /// Adds a line that is printed after the message, without the name of the program.
  public ImgException withHint(String line) {
    hints.add(line);
    return this;
  }

  /// Adds a further message, which follows the first one and begins as that does.
  public ImgException withMessage(String message) {
    messages.add(message);
    return this;
  }

  /// The exit code of the program.
  public int exit() {
    return exit;
  }

  /// The message.
  public String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }

  /// Messages after the first one, in order.
  public List<String> messages() {
    return List.copyOf(messages);
  }

  /// Further lines, in order.
  public List<String> hints() {
    return List.copyOf(hints);
  }

  /// It tells a user what happened; nobody reads its stack.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
