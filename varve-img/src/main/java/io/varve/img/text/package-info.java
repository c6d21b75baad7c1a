// SPDX-License-Identifier: Apache-2.0

/// What the programs print: sizes, dates, progress, JSON, help.
package io.varve.img.text;
