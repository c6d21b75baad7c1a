// SPDX-License-Identifier: Apache-2.0

/// The demo: the main job told as a story on a real file system. It types the commands of `varve`
/// through [DemoHost] and lets other people's tools judge what came of it.
package io.varve.cli.demo;
