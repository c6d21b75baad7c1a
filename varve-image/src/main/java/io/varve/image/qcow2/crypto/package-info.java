// SPDX-License-Identifier: Apache-2.0

/// Encryption of guest data in qcow2: LUKS version 1 with its header inside the image, and the
/// legacy AES method, which is only read.
///
/// ## The LUKS header
///
/// It lies in clusters of its own that the header extension `0x0537be77` names. Integers are big
/// endian, offsets of key material and payload count sectors of 512 bytes from the start of the
/// LUKS header.
///
/// | bytes | field |
/// | --- | --- |
/// | 0-5 | magic `LUKS` 0xba 0xbe |
/// | 6-7 | version, 1 |
/// | 8-39 | cipher name, NUL padded: `aes`, `serpent`, `twofish`, `cast5` |
/// | 40-71 | cipher mode: `MODE-IVGEN` or `MODE-IVGEN:HASH`, such as `xts-plain64` |
/// | 72-103 | hash of PBKDF2 and the anti-forensic splitter |
/// | 104-107 | payload offset, sectors; in qcow2 only the length of the header |
/// | 108-111 | length of the master key, bytes (two cipher keys in mode `xts`) |
/// | 112-131 | digest of the master key: PBKDF2, first 20 bytes |
/// | 132-163 | salt of that digest |
/// | 164-167 | iterations of that digest |
/// | 168-207 | UUID as text |
/// | 208-591 | 8 key slots of 48 bytes |
///
/// | bytes | field of a key slot |
/// | --- | --- |
/// | 0-3 | 0x00ac71f3 active, 0x0000dead inactive |
/// | 4-7 | PBKDF2 iterations over the passphrase |
/// | 8-39 | salt |
/// | 40-43 | offset of the key material, sectors |
/// | 44-47 | stripes, always 4000 |
///
/// A passphrase, stretched by PBKDF2, decrypts the slot's key material; merged by the anti-forensic
/// splitter it is the master key, if its digest agrees. The master key encrypts guest data in
/// sectors of 512 bytes, whose number for the initialisation vector is the **host** offset / 512: a
/// cluster that moves is encrypted again. The legacy method counts **guest** sectors.
///
/// ## Secrets
///
/// Passphrases and keys live in byte arrays that are overwritten after use. They are in no message.
package io.varve.image.qcow2.crypto;
