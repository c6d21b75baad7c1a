// SPDX-License-Identifier: Apache-2.0

/// Reads command lines as QEMU's tools do: options, sizes, option strings, `json:` objects.
package io.varve.img.args;
