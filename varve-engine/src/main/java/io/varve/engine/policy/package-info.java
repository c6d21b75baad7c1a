// SPDX-License-Identifier: Apache-2.0

/// The rule that decides which verbs a pool has.
package io.varve.engine.policy;
