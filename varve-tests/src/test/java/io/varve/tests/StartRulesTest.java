// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What short commands run must not spin classes: no cache keeps these, and the first alone costs
/// ten milliseconds of a start (docs/adr/0008).
class StartRulesTest {
  /// Bootstraps that the cache of the launchers cannot resolve ahead: those of a `switch` over
  /// types, or over a string or an enum with `case null`.
  private static final String SWITCH = "java/lang/runtime/SwitchBootstraps";

  @Test
  void noSwitchOverTypesOnTheWayOfAShortCommand() throws IOException {
    List<String> found = new ArrayList<>();
    int looked = 0;
    for (JavaClass each :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.varve.ffi", "io.varve.image", "io.varve.img")) {
      looked++;
      if (text(each).contains(SWITCH)) {
        found.add(each.getName());
      }
    }
    assertThat(looked).isGreaterThan(100);
    assertThat(found).as("use instanceof, and test for null before").isEmpty();
  }

  private static String text(JavaClass each) throws IOException {
    try (InputStream in = each.getSource().orElseThrow().getUri().toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
