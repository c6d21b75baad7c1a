// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may know whom. A rule that finds nothing to check passes: a package may still be empty.
class LayeringTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          // Where dev/quick puts the classes of tests, some of them in the packages they test.
          .withImportOption(location -> !location.contains("/varve-tests/test/"))
          .importPackages("io.varve");

  /// Each module and those it may know: `ffi <- image <- engine <- catalog`, `img` beside the
  /// engine, `cli` on top.
  private static final Map<String, Set<String>> MAY_KNOW =
      Map.of(
          "ffi", Set.of(),
          "image", Set.of("ffi"),
          "testkit", Set.of("ffi", "image"),
          "img", Set.of("ffi", "image"),
          "engine", Set.of("ffi", "image"),
          "catalog", Set.of("image", "engine"),
          "cli", Set.of("image", "img", "engine", "catalog"));

  private static final String[] JSON = {"tools.jackson..", "com.fasterxml.jackson.."};
  private static final String[] SQL = {
    "java.sql..", "javax.sql..", "org.sqlite..", "org.jdbi..", "org.flywaydb..", "org.postgresql.."
  };
  private static final String[] HTTP = {
    "java.net.http..", "com.sun.net.httpserver..", "io.helidon.."
  };
  private static final String[] LOGGING = {
    "org.slf4j..", "ch.qos.logback..", "java.util.logging.."
  };

  @Test
  void findsTheClasses() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName)).contains("io.varve.image");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffi", "image", "testkit", "img", "engine", "catalog", "cli"})
  void eachModuleKnowsOnlyThoseBelow(String module) {
    String[] others =
        Stream.concat(MAY_KNOW.keySet().stream(), Stream.of("tests"))
            .filter(other -> !other.equals(module) && !MAY_KNOW.get(module).contains(other))
            .map(other -> "io.varve." + other + "..")
            .toArray(String[]::new);
    check(noClasses().that(are(module)).should().dependOnClassesThat(resideInAnyPackage(others)));
  }

  @Test
  void onlyFfiReachesNativeCode() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("io.varve.ffi..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.foreign..")
            .orShould()
            .accessTargetWhere(
                isCallTo(System.class, "load", "loadLibrary")
                    .or(isCallTo(Runtime.class, "load", "loadLibrary"))));
  }

  @Test
  void theFormatKnowsTheJavaLanguageAndNothingElse() {
    Set<String> javaBase = Object.class.getModule().getPackages();
    DescribedPredicate<JavaClass> inJavaBase =
        describe(
            "in java.base",
            type -> javaBase.contains(type.getBaseComponentType().getPackageName()));
    DescribedPredicate<JavaClass> primitive =
        describe("primitive", type -> type.getBaseComponentType().isPrimitive());
    check(
        classes()
            .that()
            .resideInAPackage("io.varve.image.qcow2.format..")
            .should()
            .onlyDependOnClassesThat(
                inJavaBase
                    .or(primitive)
                    .or(resideInAnyPackage("io.varve.image.qcow2.format..", "org.jspecify.."))));
  }

  @Test
  void aStorageKnowsNoFormat() {
    check(
        noClasses()
            .that()
            .resideInAPackage("io.varve.image.storage..")
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(
                    "io.varve.image.qcow2..",
                    "io.varve.image.raw..",
                    "io.varve.image.chain..",
                    "io.varve.image.op..")));
  }

  @Test
  void aLayerKnowsNothingOfWhatLiesUnderIt() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("io.varve.image.qcow2..", "io.varve.image.raw..")
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("io.varve.image.chain..", "io.varve.image.op..")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffi", "image", "testkit", "img"})
  void theLibrariesStandAlone(String module) {
    Stream.of(JSON, SQL, HTTP, LOGGING)
        .forEach(libraries ->
            check(
                noClasses()
                    .that(are(module))
                    .should()
                    .dependOnClassesThat(resideInAnyPackage(libraries))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine", "cli"})
  void onlyTheCatalogSpeaksSql(String module) {
    check(noClasses().that(are(module)).should().dependOnClassesThat(resideInAnyPackage(SQL)));
  }

  /// Clock, randomness and waiting are handed in, so that one seed reproduces a run. A call uses
  /// them; a reference such as `UUID::randomUUID` is a way to hand them in, and is allowed.
  @ParameterizedTest
  @ValueSource(strings = {"image", "engine"})
  void timeAndChanceAreHandedIn(String module) {
    check(
        noClasses()
            .that(are(module))
            .should()
            .callMethodWhere(
                isCallTo(Thread.class, "sleep")
                    .or(isCallTo(TimeUnit.class, "sleep"))
                    .or(isCallTo(Instant.class, "now"))
                    .or(isCallTo(System.class, "currentTimeMillis"))
                    .or(isCallTo(Math.class, "random"))
                    .or(isCallTo(UUID.class, "randomUUID"))
                    .or(isCallTo(ThreadLocalRandom.class, "current")))
            .orShould()
            .callConstructor(Random.class)
            .orShould()
            .callConstructor(SecureRandom.class));
  }

  private static DescribedPredicate<JavaClass> are(String module) {
    return resideInAnyPackage("io.varve." + module + "..");
  }

  private static DescribedPredicate<JavaAccess<?>> isCallTo(Class<?> owner, String... methods) {
    Set<String> names = Set.of(methods);
    return describe(
        owner.getSimpleName() + "." + String.join("/", methods),
        call ->
            call.getTargetOwner().isEquivalentTo(owner)
                && names.contains(call.getTarget().getName()));
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }
}
