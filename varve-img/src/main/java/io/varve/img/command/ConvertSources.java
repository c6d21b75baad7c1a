// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.InternalSnapshots;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.ImgException;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The source images of a conversion, one of them perhaps as an internal snapshot knew it.
final class ConvertSources implements Closeable {
  private final List<OpenedImage> opened = new ArrayList<>();
  private final List<Chain> chains = new ArrayList<>();

  ConvertSources(Images images, ConvertRequest request) throws ImgException, IOException {
    try {
      open(images, request);
    } catch (ImgException | IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void open(Images images, ConvertRequest request) throws ImgException, IOException {
    OpenHow how = OpenHow.readOnly().withForceShare(request.share).withCache(request.sourceCache);
    for (String name : request.sources) {
      OpenedImage image = images.open(new ImageSpec(name, request.format, request.imageOpts), how);
      opened.add(image);
      chains.add(image.chain());
    }
    if (request.snapshotId != null || request.snapshotName != null) {
      chains.set(0, atSnapshot(request));
    } else if (request.snapshot != null) {
      if (chains.size() > 1) {
        throw new ImgException("No support for concatenating multiple snapshot");
      }
      chains.set(0, atSnapshot(request));
    }
  }

  private Chain atSnapshot(ConvertRequest request) throws ImgException, IOException {
    OpenedImage image = opened.getFirst();
    String failed = "Failed to load snapshot: ";
    if (!(image.top() instanceof Qcow2Layer layer)) {
      throw new ImgException(
          failed
              + "Block format '"
              + image.formatName()
              + "' used by device '' does not support temporarily loading internal snapshots");
    }
    InternalSnapshots snapshots = layer.snapshots();
    int index = find(snapshots.list(), request);
    if (index < 0) {
      throw new ImgException(failed + "Can't find snapshot");
    }
    List<Layer> layers = new ArrayList<>(image.layers());
    layers.set(0, snapshots.viewAt(index));
    return Chain.of(layers);
  }

  /// A bare word is an id if there is such an id, else a name.
  private static int find(List<InternalSnapshot> all, ConvertRequest request) {
    String word = request.snapshot;
    if (word == null || request.snapshotId != null || request.snapshotName != null) {
      return indexOf(all, request.snapshotId, request.snapshotName);
    }
    int byId = indexOf(all, word, null);
    return byId >= 0 ? byId : indexOf(all, null, word);
  }

  private static int indexOf(
      List<InternalSnapshot> all,
      @org.jspecify.annotations.Nullable String id,
      @org.jspecify.annotations.Nullable String name) {
    for (int i = 0; i < all.size(); i++) {
      InternalSnapshot each = all.get(i);
      if ((id == null || each.id().equals(id)) && (name == null || each.name().equals(name))) {
        return i;
      }
    }
    return -1;
  }

  OpenedImage first() {
    return opened.getFirst();
  }

  List<Chain> chains() {
    return chains;
  }

  /// Bytes of all of them.
  long size() {
    long sum = 0;
    for (Chain chain : chains) {
      sum += chain.size();
    }
    return sum;
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (OpenedImage image : opened) {
      try {
        image.close();
      } catch (IOException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
