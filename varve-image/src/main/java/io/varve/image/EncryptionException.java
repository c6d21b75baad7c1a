// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// An encrypted image cannot be used with what was given: no passphrase, a wrong one, a cipher that
/// is not available, a key slot that may not be changed so. No secret is ever in the message.
public final class EncryptionException extends ImageException {
  private static final long serialVersionUID = 1L;

  /// What a caller can do about it.
  public enum Reason {
    /// A passphrase is needed, and none was given.
    KEY_REQUIRED,
    /// The passphrase fits no key slot.
    WRONG_KEY,
    /// The encryption header breaks its format's rules, or asks for more work than is reasonable.
    BAD_HEADER,
    /// The encryption, or the change that was asked for, is refused.
    REFUSED
  }

  private final Reason reason;

  /// @param name of the image
  /// @param words what is wrong, as QEMU says it
  public EncryptionException(Reason reason, String name, String words) {
    super(name + ": " + words);
    this.reason = reason;
    inWords(words, this);
  }

  public Reason reason() {
    return reason;
  }
}
