// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/// The referee: qemu-img and qemu-io. Every call names the format; nothing is probed.
///
/// Where they are not installed a test is skipped, except with `CI=true` in the environment, where
/// it fails. **Threads:** any.
public final class QemuTools {
  private static final Pattern VERSION = Pattern.compile("version (\\d+)\\.(\\d+)\\.(\\d+)");
  private static final Optional<QemuTools> INSTALLED = detect();

  private final int major;
  private final int minor;

  private QemuTools(int major, int minor) {
    this.major = major;
    this.minor = minor;
  }

  /// The tools, or the end of this test.
  public static QemuTools require() {
    if (INSTALLED.isEmpty()) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("qemu-img and qemu-io must be installed where CI=true");
      }
      Assumptions.abort("qemu-img or qemu-io is not installed: dev/install-test-tools");
    }
    return INSTALLED.get();
  }

  /// The tools, where they are installed.
  public static Optional<QemuTools> installed() {
    return INSTALLED;
  }

  private static Optional<QemuTools> detect() {
    try {
      ToolRun io = ToolRun.of(List.of("qemu-io", "--version"));
      ToolRun img = ToolRun.of(List.of("qemu-img", "--version"));
      Matcher version = VERSION.matcher(img.out());
      if (io.exit() != 0 || img.exit() != 0 || !version.find()) {
        return Optional.empty();
      }
      return Optional.of(
          new QemuTools(Integer.parseInt(version.group(1)), Integer.parseInt(version.group(2))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  public boolean atLeast(int wantedMajor, int wantedMinor) {
    return major != wantedMajor ? major > wantedMajor : minor >= wantedMinor;
  }

  /// `qemu-img` with these arguments, whatever its exit code.
  public ToolRun img(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(Arrays.asList(arguments));
    return ToolRun.of(command);
  }

  public QemuCheck check(Path image) throws IOException {
    return QemuCheck.of(img("check", "-f", "qcow2", image.toString()));
  }

  /// Checks an overlay without opening its base, which need not be there.
  public QemuCheck checkAlone(Path image) throws IOException {
    return QemuCheck.of(
        img(
            "check",
            "json:{\"driver\":\"qcow2\",\"backing\":null,"
                + "\"file\":{\"driver\":\"file\",\"filename\":\""
                + image
                + "\"}}"));
  }

  /// Repairs as `-r leaks` or `-r all` do.
  public QemuCheck repair(Path image, String what) throws IOException {
    return QemuCheck.of(img("check", "-f", "qcow2", "-r", what, image.toString()));
  }

  /// Creates a qcow2 image without a base.
  ///
  /// @param options as after `-o`, such as `compat=1.1,cluster_size=4k`
  public void create(Path image, long size, String options) throws IOException {
    img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), Long.toString(size)).ok();
  }

  /// Creates an overlay.
  ///
  /// @param base as it is to stand in the overlay
  public void createOverlay(Path image, long size, String options, String base, String baseFormat)
      throws IOException {
    img(
            "create",
            "-q",
            "-f",
            "qcow2",
            "-o",
            options,
            "-b",
            base,
            "-F",
            baseFormat,
            image.toString(),
            Long.toString(size))
        .ok();
  }

  /// Fails the test unless both read the same; one may be longer by zeros.
  public void assertSame(Path a, String formatA, Path b, String formatB) throws IOException {
    img("compare", "-f", formatA, "-F", formatB, a.toString(), b.toString()).ok();
  }

  /// Fails the test unless the image reads as the reference and has its size.
  ///
  /// @param scratch a folder for the reference as a raw file
  public void assertReads(Path image, ReferenceDisk expected, Path scratch) throws IOException {
    Path raw = scratch.resolve("reference.raw");
    expected.save(raw);
    ToolRun run = img("compare", "-f", "qcow2", "-F", "raw", image.toString(), raw.toString()).ok();
    if (run.out().contains("size mismatch")) {
      throw new AssertionError("expected " + expected.size() + " bytes: " + run);
    }
  }

  /// The guest's view as a reference disk.
  public ReferenceDisk read(Path image, Path scratch) throws IOException {
    Path raw = scratch.resolve("converted.raw");
    img("convert", "-q", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString()).ok();
    return ReferenceDisk.load(raw);
  }

  /// The view of an internal snapshot.
  public ReferenceDisk readSnapshot(Path image, String snapshot, Path scratch) throws IOException {
    Path raw = scratch.resolve("converted.raw");
    img(
            "convert",
            "-q",
            "-f",
            "qcow2",
            "-O",
            "raw",
            "-l",
            "snapshot.name=" + snapshot,
            image.toString(),
            raw.toString())
        .ok();
    return ReferenceDisk.load(raw);
  }

  /// `qemu-img snapshot` with a flag (-c, -a, -d) and a name.
  public void snapshot(Path image, String flag, String name) throws IOException {
    img("snapshot", flag, name, image.toString()).ok();
  }

  /// The text of `qemu-img snapshot -l`.
  public String snapshots(Path image) throws IOException {
    return img("snapshot", "-l", image.toString()).ok().out();
  }

  /// Runs qemu-io commands (`write -P 5 0 64k`, `discard 0 64k` …) in one process; a failing
  /// command fails the test.
  public void io(Path image, List<String> commands) throws IOException {
    ToolRun run = ioRun(image, List.of(), commands).ok();
    if (run.out().contains("failed") || run.err().contains("failed")) {
      throw new AssertionError(run.toString());
    }
  }

  /// `qemu-io` with further arguments, whatever comes of it.
  public ToolRun ioRun(Path image, List<String> arguments, List<String> commands)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
    command.addAll(arguments);
    for (String each : commands) {
      command.add("-c");
      command.add(each);
    }
    command.add(image.toString());
    return ToolRun.of(command);
  }
}
