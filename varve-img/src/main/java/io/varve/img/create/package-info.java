// SPDX-License-Identifier: Apache-2.0

/// Makes new images from `-o` options: which options a format knows, what they may be, what is said
/// of them.
package io.varve.img.create;
