// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.FileStorage;
import io.varve.image.storage.Storage;

/// What an image's bytes lie in, open.
///
/// @param driver `file`, `host_device`, or `raw` where a part of a file was cut out
/// @param fileName the file's name as it was given, without a protocol
/// @param file the file itself
/// @param storage the file, or the part of it
record FileNode(String driver, String fileName, FileStorage file, Storage storage, NodeName name) {}
