#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# layer.sh DIR FILE: FILE becomes DIR as one compressed cpio archive; the kernel unpacks any number of them in a row.
set -e
[ $# = 2 ]
(cd "$1" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) | zstd -q -1 -f -o "$2.new"
mv "$2.new" "$2"
