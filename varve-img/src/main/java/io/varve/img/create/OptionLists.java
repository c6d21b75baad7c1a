// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.create.OptionDesc.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The options that each format takes, in the order in which they are printed.
final class OptionLists {
  private OptionLists() {}

  /// Options of `-f FORMAT`; null for a format that cannot be created.
  static @Nullable List<OptionDesc> ofFormat(String format) {
    return switch (format) {
      case "qcow2" -> qcow2();
      case "raw" -> List.of(size());
      case "file" -> file(new ArrayList<>(List.of(size())));
      default -> null;
    };
  }

  /// Adds the options of files on this machine, where the format has no such option itself.
  static List<OptionDesc> file(List<OptionDesc> options) {
    add(options, OptionDesc.flag("nocow", "Turn off copy-on-write (valid only on btrfs)"));
    add(
        options,
        OptionDesc.text("preallocation", "Preallocation mode (allowed values: off, falloc, full)"));
    add(
        options,
        OptionDesc.size("extent_size_hint", "Extent size hint for the image file, 0 to disable"));
    return options;
  }

  private static void add(List<OptionDesc> options, OptionDesc extra) {
    for (OptionDesc option : options) {
      if (option.name().equals(extra.name())) {
        return;
      }
    }
    options.add(extra);
  }

  /// What `amend` can change of an image.
  static List<OptionDesc> amendable() {
    List<OptionDesc> options = new ArrayList<>();
    options.add(OptionDesc.text("backing_file", "File name of a base image"));
    options.add(OptionDesc.text("backing_fmt", "Image format of the base image"));
    options.add(OptionDesc.text("compat", "Compatibility level (v2 [0.10] or v3 [1.1])"));
    options.add(OptionDesc.text("data_file", "File name of an external data file"));
    options.add(
        OptionDesc.flag("data_file_raw", "The external data file must stay valid as a raw image"));
    options.add(
        new OptionDesc(
            "encrypt.iter-time", Kind.NUMBER, null, "Time to spend in PBKDF in milliseconds"));
    options.add(
        new OptionDesc(
            "encrypt.keyslot", Kind.NUMBER, null, "Select a single keyslot to modify explicitly"));
    options.add(
        OptionDesc.text(
            "encrypt.new-secret",
            "New secret to set in the matching keyslots. Empty string to erase"));
    options.add(
        OptionDesc.text("encrypt.old-secret", "Select all keyslots that match this password"));
    options.add(
        OptionDesc.text(
            "encrypt.state", "Select new state of affected keyslots (active/inactive)"));
    options.add(OptionDesc.flag("lazy_refcounts", "Postpone refcount updates"));
    options.add(
        new OptionDesc(
            "refcount_bits",
            OptionDesc.Kind.NUMBER,
            null,
            "Width of a reference count entry in bits"));
    options.add(size());
    return options;
  }

  private static OptionDesc size() {
    return OptionDesc.size("size", "Virtual disk size");
  }

  private static List<OptionDesc> qcow2() {
    return List.of(
        OptionDesc.flag(
            "encryption",
            "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)"),
        OptionDesc.text("encrypt.format", "Encrypt the image, format choices: 'aes', 'luks'"),
        OptionDesc.text(
            "encrypt.key-secret", "ID of secret providing qcow AES key or LUKS passphrase"),
        OptionDesc.text("encrypt.cipher-alg", "Name of encryption cipher algorithm"),
        OptionDesc.text("encrypt.cipher-mode", "Name of encryption cipher mode"),
        OptionDesc.text("encrypt.ivgen-alg", "Name of IV generator algorithm"),
        OptionDesc.text("encrypt.ivgen-hash-alg", "Name of IV generator hash algorithm"),
        OptionDesc.text("encrypt.hash-alg", "Name of encryption hash algorithm"),
        new OptionDesc(
            "encrypt.iter-time", Kind.NUMBER, null, "Time to spend in PBKDF in milliseconds"),
        OptionDesc.size("cluster_size", "qcow2 cluster size").initially("65536"),
        OptionDesc.flag("extended_l2", "Extended L2 tables").initially("off"),
        OptionDesc.text(
            "preallocation", "Preallocation mode (allowed values: off, metadata, falloc, full)"),
        OptionDesc.text("compression_type", "Compression method used for image cluster compression")
            .initially("zlib"),
        size(),
        OptionDesc.text("compat", "Compatibility level (v2 [0.10] or v3 [1.1])"),
        OptionDesc.text("backing_file", "File name of a base image"),
        OptionDesc.text("backing_fmt", "Image format of the base image"),
        OptionDesc.text("data_file", "File name of an external data file"),
        OptionDesc.flag("data_file_raw", "The external data file must stay valid as a raw image"),
        OptionDesc.flag("lazy_refcounts", "Postpone refcount updates").initially("off"),
        new OptionDesc(
            "refcount_bits", Kind.NUMBER, "16", "Width of a reference count entry in bits"));
  }
}
