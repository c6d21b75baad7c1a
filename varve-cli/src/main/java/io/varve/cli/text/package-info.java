// SPDX-License-Identifier: Apache-2.0

/// Sizes, times, tables, trees, JSON and progress as text. Knows nothing of disks.
package io.varve.cli.text;
