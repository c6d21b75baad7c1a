// SPDX-License-Identifier: Apache-2.0

/// The driver `blkdebug`: makes chosen requests to a file fail or wait, by rules, so that people
/// can test what happens then.
package io.varve.img.debug;
