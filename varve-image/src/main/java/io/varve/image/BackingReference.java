// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import org.jspecify.annotations.Nullable;

/// What a layer's file says of its base: a name, relative to the layer's own folder unless
/// absolute, and a format. It is only text until an open gate has confined it.
///
/// @param name as stored, 1 to 1023 bytes of UTF-8
/// @param format as stored (`qcow2`, `raw`), or null where the file names none
public record BackingReference(String name, @Nullable String format) {}
