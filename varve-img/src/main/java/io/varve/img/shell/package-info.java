// SPDX-License-Identifier: Apache-2.0

/// The shell of `qemu-io`: commands that read, write and look at one open image, with the words and
/// the layout that scripts match on.
package io.varve.img.shell;
