// SPDX-License-Identifier: Apache-2.0

/// The programs: `qemu-img` (and `varve img`) and `qemu-io`, as calls. A run is given a [Console]
/// and answers with an exit code.
package io.varve.img;
