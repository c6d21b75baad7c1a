// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

/// What `help COMMAND` says beyond the usage line.
final class HelpTexts {
  static final String READ =
      """

       Reads a range of the open image.

       'read -v 512 1k' prints the 1024 bytes behind the first 512.

       -b, -- reads the area of the VM state, not the disk
       -C, -- reports in a form for programs: bytes,ops,time,bytes/sec,ops/sec
       -l, -- with -P, how many bytes are compared
       -p, -- does nothing
       -P, -- every byte must be this one
       -q, -- reports nothing
       -r, -- does nothing
       -s, -- with -P, how many bytes to skip before comparing
       -v, -- prints what was read

      """;
  static final String WRITE =
      """

       Writes a range of the open image, 0xcd in each byte unless told otherwise.

       'write -P 7 512 1k' writes 1024 bytes of value 7 behind the first 512.

       -b, -- writes to the area of the VM state, not the disk
       -c, -- writes whole clusters in compressed form
       -C, -- reports in a form for programs: bytes,ops,time,bytes/sec,ops/sec
       -f, -- is done when the data is on disk
       -n, -- with -z, fails where zeros would have to be written out
       -p, -- does nothing
       -P, -- the byte to write
       -q, -- reports nothing
       -r, -- does nothing
       -s, -- writes the content of this file, over and over
       -u, -- with -z, gives the space back to the host
       -z, -- writes zeros, by the index where it can express them

      """;
  static final String READV =
      """

       Reads a range of the open image into one buffer for each length.

       'readv -v 512 1k 1k' prints the 2048 bytes behind the first 512.

       -C, -- reports in a form for programs
       -P, -- every byte must be this one
       -q, -- reports nothing
       -r, -- does nothing
       -v, -- prints what was read

      """;
  static final String WRITEV =
      """

       Writes a range of the open image from one buffer for each length.

       'writev 512 1k 1k' writes 2048 bytes behind the first 512.

       -C, -- reports in a form for programs
       -f, -- is done when the data is on disk
       -P, -- the byte to write
       -q, -- reports nothing
       -r, -- does nothing

      """;
  static final String AIO_READ =
      """

       Submits a read and goes on. 'aio_flush' waits for it, and then its result is reported; the
       command itself succeeds once the request is submitted.

       -C, -- reports in a form for programs
       -i, -- counts an invalid request and submits nothing
       -P, -- every byte must be this one
       -q, -- reports nothing
       -r, -- does nothing
       -v, -- prints what was read

      """;
  static final String AIO_WRITE =
      """

       Submits a write and goes on. 'aio_flush' waits for it, and then its result is reported; the
       command itself succeeds once the request is submitted.

       -C, -- reports in a form for programs
       -f, -- is done when the data is on disk
       -i, -- counts an invalid request and submits nothing
       -P, -- the byte to write
       -q, -- reports nothing
       -r, -- does nothing
       -u, -- with -z, gives the space back to the host
       -z, -- writes zeros, by the index where it can express them

      """;
  static final String DISCARD =
      """

       Tells the open image that a range is of no use any more.

       -C, -- reports in a form for programs
       -q, -- reports nothing

      """;
  static final String OPEN =
      """

       Opens an image, which all later commands work on.

       'open -n -o driver=raw /tmp/data' opens a raw image around the host's cache.

       -r, -- takes no changes
       -s, -- keeps changes in a temporary file
       -C, -- keeps in the image what is read from its backing file
       -n, -- the same as -t none
       -U, -- takes no notice of others who use the image
       -k, -- the same as -i native
       -i, -- how requests reach the host: threads, native, io_uring
       -t, -- the cache mode
       -d, -- what becomes of discards: ignore, unmap
       -o, -- options of the image's format and file
      """;
  static final String REOPEN =
      """

       Opens the open image again, in another way.

       'reopen -o lazy-refcounts=on' lets a qcow2 image put off its reference counts.

       -r, -- takes no changes
       -w, -- takes changes
       -c, -- the cache mode
       -o, -- options of the image's format and file

      """;
  static final String SIGRAISE =
      """

       Sends a signal to this process.

       'sigraise 15' ends it as SIGTERM does.

      """;

  private HelpTexts() {}
}
