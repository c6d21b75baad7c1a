// SPDX-License-Identifier: Apache-2.0

/// Opens images as QEMU's tools name them: file names, `--image-opts`, `json:`; with QEMU's words
/// for what cannot be opened.
package io.varve.img.open;
