// SPDX-License-Identifier: Apache-2.0

/// How large an image would become.
package io.varve.img.measure;
