// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileKey;
import io.varve.image.storage.FileStorage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.open.NodeOpener.FoundNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Opens one image with its backing files, the topmost first, as layers of a chain.
public final class ChainBuilder {
  private static final int MAX_DEPTH = 1024;
  private static final String PREFIX = "Could not open backing file: ";

  private final Console console;
  private final Objects objects;
  private final OpenHow how;
  private final NodeOpener nodes;
  private final List<OpenNode> opened = new ArrayList<>();
  private final Set<FileKey> seen = new HashSet<>();

  ChainBuilder(Console console, Objects objects, OpenHow how) {
    this.console = console;
    this.objects = objects;
    this.how = how;
    this.nodes = new NodeOpener(console, how.forceShare());
  }

  /// One open layer.
  ///
  /// @param backing options that replace what the image says of its backing file
  private record OpenNode(
      FoundNode found, Layer layer, Map<String, String> telling, OptionTree backing) {}

  OpenedImage open(NodeRequest asked) throws ImgException {
    try {
      NodeRequest request = CopyOnReadNode.unwrap(asked, how.writable());
      OpenNode top = openNode(request, how.writable());
      openBacking(top);
      List<Layer> layers = new ArrayList<>();
      List<String> names = new ArrayList<>();
      for (int i = opened.size() - 1; i >= 0; i--) {
        layers.addFirst(opened.get(i).layer);
        names.addFirst(name(i).text());
      }
      return new OpenedImage(
          layers,
          top.found.driver(),
          names,
          top.found.file(),
          top.found.probed(),
          top.telling.get("encrypt.key-secret"),
          request != asked);
    } catch (ImgException e) {
      closeAll();
      throw e;
    }
  }

  /// How the layer at this place is shown.
  private NodeName name(int index) {
    OpenNode node = opened.get(index);
    FoundNode found = node.found;
    if (NodeOpener.isProtocol(found.driver())) {
      return found.file().name();
    }
    boolean suppressed = node.found.noBacking() && node.layer.backing().isPresent();
    if (suppressed && !how.noBacking()) {
      return NodeName.withoutBacking(found.driver(), found.file().name(), node.telling);
    }
    boolean replaced = !node.backing.isEmpty() && index + 1 < opened.size();
    NodeName backing = replaced ? name(index + 1) : null;
    return NodeName.ofFormat(found.driver(), found.file().name(), node.telling, backing);
  }

  private OpenNode openNode(NodeRequest request, boolean writable) throws ImgException {
    FoundNode found = nodes.find(request, writable);
    try {
      requireNoLoop(found);
      requireRecognised(found);
      OptionTree backing = found.options().takeBranch("backing");
      Map<String, String> telling = new LinkedHashMap<>();
      Layer layer = openFormat(found, telling);
      if (!opened.isEmpty()) {
        ForeignFormats.requireParent(opened.getLast().layer, layer);
      }
      OpenNode node = new OpenNode(found, layer, telling, backing);
      opened.add(node);
      return node;
    } catch (IOException e) {
      found.close();
      throw new ImgException(Failures.reason(e));
    } catch (ImgException | RuntimeException e) {
      found.close();
      throw e;
    }
  }

  private void requireNoLoop(FoundNode found) throws ImgException {
    if (opened.size() >= MAX_DEPTH) {
      throw new ImgException("the backing chain has more than " + MAX_DEPTH + " files");
    }
    FileStorage file = found.file().file();
    if (file != null && !seen.add(file.fileKey())) {
      throw new ImgException(
          "Backing file '" + found.file().name().text() + "' creates an infinite loop.");
    }
  }

  /// Raw is never guessed for a name found inside an image: whoever wrote the image could name any
  /// file of this machine, and whoever wrote that file could make it look like something else.
  private void requireRecognised(FoundNode found) throws ImgException {
    if (opened.isEmpty() || !found.probed() || !found.driver().equals("raw")) {
      return;
    }
    OptionTree told = opened.getLast().backing;
    if (!told.has("file.filename") && !told.has("file.driver")) {
      throw new ImgException(
          "the format of backing file '"
              + found.file().name().text()
              + "' is neither recorded nor recognised, and raw is never guessed; if it is raw,"
              + " record that with 'rebase -u -b FILE -F raw'");
    }
  }

  private Layer openFormat(FoundNode found, Map<String, String> telling)
      throws ImgException, IOException {
    boolean writable = found.writable();
    return switch (found.driver()) {
      case "file", "host_device", "null-co", "null-aio", "blkdebug" ->
          RawLayer.open(found.file().storage(), writable);
      case "raw" -> {
        if (found.probed() && writable) {
          warnOfRaw(console, found.file().name().text());
        }
        FileNode part = RawOptions.cut(found.file(), found.options());
        yield RawLayer.open(part.storage(), writable);
      }
      case "qcow2" -> openQcow2(found, telling);
      case "vmdk", "vpc", "vhdx", "vdi" -> new ForeignImages(console, found, how).open();
      default ->
          throw new ImgException(
              "image format '" + found.driver() + "' is not supported by Varve yet");
    };
  }

  /// What QEMU says whenever it opens, for writing, an image that nobody called raw.
  public static void warnOfRaw(Console console, String name) {
    console.line(
        "WARNING: Image format was not specified for '" + name + "' and probing guessed raw.");
    console.line(
        "         Automatically detecting the format is dangerous for raw images, write operations"
            + " on block 0 will be restricted.");
    console.line("         Specify the 'raw' format explicitly to remove the restrictions.");
  }

  private Layer openQcow2(FoundNode found, Map<String, String> telling)
      throws ImgException, IOException {
    OptionTree own = found.options().copy();
    own.take("backing");
    Qcow2NodeOptions wanted = Qcow2NodeOptions.take(own);
    telling.putAll(wanted.telling());
    if (!how.metadataOnly()) {
      DataFiles.requireWanted(console, found, wanted);
    }
    wanted.requireFits(found.file().storage());
    FileStorage file = found.file().file();
    if (file != null) {
      file.adviseRandom();
    }
    Qcow2Options options =
        (found.writable() && !how.repair() ? Qcow2Options.readWrite() : Qcow2Options.readOnly())
            .withForCheck(how.repair())
            .withNotices(console::notice)
            .withQemuLayout(true)
            .withDiscardNoUnref(wanted.discardNoUnref())
            .withOverlapRules(wanted.overlapRules())
            .withKeys(wanted.encrypt().keys(objects))
            .withLegacyAesWrites(console.speaksForQemu())
            .withDataFile(new DataFiles(console, found, wanted.dataFile(), how.forceShare()));
    if (how.metadataOnly()) {
      options = options.withoutData();
    }
    return Qcow2Layer.open(found.file().storage(), options);
  }

  private void openBacking(OpenNode top) throws ImgException {
    OpenNode node = top;
    String prefix = "";
    while (true) {
      if (node.found.noBacking() || how.noBacking()) {
        return;
      }
      NodeRequest request;
      prefix += PREFIX;
      try {
        request = backingOf(node);
        if (request == null) {
          return;
        }
        node = openNode(request, opened.size() == how.writableDepth());
      } catch (ImgException e) {
        throw e.after(prefix.substring(0, prefix.length() - 2));
      }
    }
  }

  private @Nullable NodeRequest backingOf(OpenNode node) throws ImgException {
    String reference = node.found.options().get("backing");
    if (reference != null) {
      throw new ImgException(
          "Cannot find device='" + reference + "' nor node-name='" + reference + "'");
    }
    OptionTree options = node.backing.copy();
    BackingReference named = node.layer.backing().orElse(null);
    boolean ownFile = options.has("file.filename") || options.has("file.driver");
    if (named == null && options.isEmpty()) {
      return null;
    }
    if (named != null && named.format() != null) {
      options.putIfAbsent("driver", named.format());
    }
    if (ownFile || named == null) {
      return new NodeRequest(null, options);
    }
    String full = BackingNames.full(node.found.file().fileName(), named.name());
    return NodeRequest.of(full, options);
  }

  private void closeAll() {
    for (OpenNode node : opened) {
      try {
        node.layer.close();
      } catch (IOException _) {
        // The failure that made us close is the one to tell about.
      }
    }
  }
}
