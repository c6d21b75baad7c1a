// SPDX-License-Identifier: Apache-2.0

/// What `info` tells of an image, for people and as JSON.
package io.varve.img.info;
