// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import java.lang.System.Logger.Level;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogFactory;

/// Sends what Flyway says to the logger of this module. Its news of each step are no news for a
/// user of a command line.
final class FlywayLog implements Log {
  private static final System.Logger LOGGER = System.getLogger("io.varve.catalog");

  private FlywayLog() {}

  static void install() {
    LogFactory.setLogCreator(_ -> new FlywayLog());
  }

  @Override
  public void debug(String message) {
    LOGGER.log(Level.TRACE, message);
  }

  @Override
  public void info(String message) {
    LOGGER.log(Level.DEBUG, message);
  }

  @Override
  public void warn(String message) {
    LOGGER.log(Level.WARNING, message);
  }

  @Override
  public void error(String message) {
    LOGGER.log(Level.ERROR, message);
  }

  @Override
  public void error(String message, Exception e) {
    LOGGER.log(Level.ERROR, message, e);
  }

  @Override
  public void notice(String message) {
    LOGGER.log(Level.DEBUG, message);
  }
}
