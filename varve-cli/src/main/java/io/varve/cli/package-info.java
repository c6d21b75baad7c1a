// SPDX-License-Identifier: Apache-2.0

/// The program `varve`: its entry, and what it knows of the terminal it runs in. Commands are in
/// [io.varve.cli.command], how things are written in [io.varve.cli.text].
package io.varve.cli;
