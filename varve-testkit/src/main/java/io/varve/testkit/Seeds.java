// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/// Runs a [SeededTest].
final class Seeds implements TestTemplateInvocationContextProvider {
  static final String SEED = "varve.seed";
  static final String ITERATIONS = "varve.iterations";

  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    return context.getTestMethod().isPresent();
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    int byDefault = context.getRequiredTestMethod().getAnnotation(SeededTest.class).value();
    boolean fixed = number(SEED) > 0;
    long first = fixed ? number(SEED) : chosen(context);
    long count = number(ITERATIONS) > 0 ? number(ITERATIONS) : fixed ? 1 : byDefault;
    return IntStream.range(0, Math.toIntExact(count))
        .mapToObj(i -> new Invocation(new Seed(first + i)));
  }

  /// A new seed each time; under continuous integration one that belongs to the test, so that a
  /// change is judged by what it changes. New seeds are for the long runs and for developers.
  private static long chosen(ExtensionContext context) {
    return System.getenv("CI") == null
        ? new SplittableRandom().nextLong(1, 1L << 40)
        : 1 + Integer.toUnsignedLong(context.getRequiredTestMethod().toString().hashCode());
  }

  private static long number(String property) {
    String text = System.getProperty(property, "").strip();
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private record Invocation(Seed seed) implements TestTemplateInvocationContext {
    @Override
    public String getDisplayName(int invocationIndex) {
      return seed.toString();
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return List.of(new Parameters(seed), new Naming(seed));
    }
  }

  private record Parameters(Seed seed) implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      Class<?> type = parameter.getParameter().getType();
      return type == Seed.class || type == RandomGenerator.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Seed.class ? seed : seed.random();
    }
  }

  /// Puts the seed into the failure itself, where every report shows it.
  private record Naming(Seed seed) implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
        throws Throwable {
      if (failure instanceof org.opentest4j.TestAbortedException) {
        throw failure;
      }
      throw new AssertionError("reproduce with " + seed + ": " + failure, failure);
    }
  }
}
