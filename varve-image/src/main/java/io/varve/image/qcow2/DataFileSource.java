// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Opens the external data file of an image. What the image says of it is hostile until a gate has
/// admitted it ([io.varve.image.chain.OpenGate]).
@FunctionalInterface
public interface DataFileSource {
  /// The file with the guest's data; the layer takes it over and closes it.
  ///
  /// @param name from the image's header, null where it names none
  /// @param writable the layer takes changes
  Storage open(@Nullable String name, boolean writable) throws IOException;
}
