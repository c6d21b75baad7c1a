// SPDX-License-Identifier: Apache-2.0

/// The port of the catalog: what a catalog must store, and how.
package io.varve.engine.catalog;
