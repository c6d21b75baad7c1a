// SPDX-License-Identifier: Apache-2.0

/// Measurements behind the figures in docs/bench.
package io.varve.cli.bench;
