// SPDX-License-Identifier: Apache-2.0

/// Folders and other programs.
package io.varve.cli.io;
