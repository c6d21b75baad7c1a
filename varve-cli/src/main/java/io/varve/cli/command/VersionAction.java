// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/// What runs here.
@Command(name = "version", description = "Prints the versions of Varve, of Java and of the system.")
final class VersionAction extends Action {
  @Override
  void run(Session session) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("varve", version());
    json.put("java", Runtime.version().toString());
    json.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    session.answer(json, "varve %s (Java %s, %s)".formatted(json.values().toArray()));
  }

  /// The build writes it into the jar; classes in a folder have none.
  static String version() {
    String version = VersionAction.class.getPackage().getImplementationVersion();
    if (version == null && VersionAction.class.getModule().getDescriptor() != null) {
      version = VersionAction.class.getModule().getDescriptor().rawVersion().orElse(null);
    }
    return version == null ? "from a source folder" : version;
  }
}
