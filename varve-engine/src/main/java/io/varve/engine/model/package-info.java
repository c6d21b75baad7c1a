// SPDX-License-Identifier: Apache-2.0

/// What verbs take and return: enums, specs and views.
package io.varve.engine.model;
