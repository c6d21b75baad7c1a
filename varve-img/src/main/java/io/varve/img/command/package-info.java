// SPDX-License-Identifier: Apache-2.0

/// The commands of `qemu-img`, a class each; [io.varve.img.command.Commands] finds them by name.
package io.varve.img.command;
