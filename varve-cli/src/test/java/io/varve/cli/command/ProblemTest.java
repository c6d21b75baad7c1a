// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.UsageException;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class ProblemTest {
  @Test
  void aRefusalOfTheEngineKeepsItsCodeReasonAndCure() {
    assertThat(
            Problem.of(new NotFoundException(ProblemCode.DISK_NOT_FOUND, "no disk 'x'", "Look.")))
        .isEqualTo(new Problem("disk-not-found", "no disk 'x'", "Look.", 1));
  }

  @Test
  void aNameThatIsNoNameIsUsage() {
    assertThat(
            Problem.of(new InvalidRequestException(ProblemCode.INVALID_NAME, "'..' is no name", ""))
                .exit())
        .isEqualTo(2);
    assertThat(Problem.of(new UsageException("what?", "so")))
        .isEqualTo(new Problem("usage", "what?", "so", 2));
  }

  @Test
  void aMessageOfTheLibraryGivesItsOwnCure() {
    assertThat(Problem.of(new ImageInUseException("f: image is in use. Stop the VM")))
        .isEqualTo(new Problem("in-use", "f: image is in use", "Stop the VM", 1));
  }

  @Test
  void filesAreNamedWithTheReasonThatJavaLeavesOut() {
    assertThat(Problem.of(new NoSuchFileException("/x")).message())
        .isEqualTo("/x: no such file or folder");
    assertThat(Problem.of(new UncheckedIOException(new AccessDeniedException("/x"))).message())
        .isEqualTo("/x: permission denied");
    assertThat(Problem.of(new IOException("write: No space left on device")).cure())
        .contains("free some space");
  }

  @Test
  void whatNobodyThoughtOfIsSaidToBeAFault() {
    assertThat(Problem.of(new IllegalStateException("oops")))
        .satisfies(p -> assertThat(p.message()).contains("internal error").contains("oops"))
        .satisfies(p -> assertThat(p.cure()).contains("--debug"));
  }
}
