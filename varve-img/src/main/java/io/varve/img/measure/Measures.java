// SPDX-License-Identifier: Apache-2.0
package io.varve.img.measure;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.op.BlockStatus;
import io.varve.image.op.StatusReader;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.ImgException;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.MeasuredShape;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import java.io.IOException;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// Measures an image that does not exist yet.
public final class Measures {
  private Measures() {}

  /// An empty image for a disk of that size.
  public static Measurement ofSize(CreateOptions options, long size) throws ImgException {
    if (options.format().equals("raw")) {
      long whole = Qcow2Size.roundUp(size, 512);
      return new Measurement(whole, whole, -1);
    }
    return new Qcow2Size(options).measure(size, 0, -1);
  }

  /// A copy of an image, or of one of its snapshots.
  public static Measurement ofImage(
      CreateOptions options, OpenedImage image, @Nullable String snapshot)
      throws ImgException, IOException {
    Chain disk = snapshot == null ? image.chain() : Chain.of(List.of(view(image, snapshot)));
    if (options.format().equals("raw")) {
      return new Measurement(disk.size(), disk.size(), -1);
    }
    Qcow2Size size = new Qcow2Size(options);
    MeasuredShape shape = size.shape();
    long data =
        options.has("backing_file")
            ? Qcow2Size.roundUp(disk.size(), shape.clusterSize())
            : dataBytes(disk, shape.clusterSize());
    return size.measure(disk.size(), data, shape.version() < 3 ? -1 : bitmaps(image, shape));
  }

  private static Layer view(OpenedImage image, String snapshot) throws ImgException, IOException {
    if (image.top() instanceof Qcow2Layer layer) {
      try {
        return layer.snapshots().view(snapshot);
      } catch (NoSuchElementException _) {
        throw new ImgException("Failed to load snapshot: Can't find snapshot");
      }
    }
    throw new ImgException(
        "Failed to load snapshot: Block format '"
            + image.formatName()
            + "' used by device '' does not support temporarily loading internal snapshots");
  }

  private static long bitmaps(OpenedImage image, MeasuredShape shape) throws IOException {
    return image.top() instanceof Qcow2Layer layer && layer.bitmaps().supported()
        ? layer.bitmaps().sizeIn((int) shape.clusterSize())
        : -1;
  }

  /// Clusters that hold something else than zeros, as far as indexes tell.
  private static long dataBytes(Chain disk, long cluster) throws ImgException {
    StatusReader reader = new StatusReader(disk);
    long bytes = 0;
    long at = 0;
    long end = disk.size();
    while (at < end) {
      BlockStatus status = status(reader, at, end - at);
      long next = status.end();
      if (status.data() && !status.zero()) {
        next = Qcow2Size.roundUp(next, cluster);
        bytes += at % cluster + next - at;
      }
      at = next;
    }
    return bytes;
  }

  private static BlockStatus status(StatusReader reader, long at, long most) throws ImgException {
    try {
      return reader.at(at, most);
    } catch (IOException e) {
      throw new ImgException("Unable to get block status: " + StepWords.of(e));
    }
  }
}
