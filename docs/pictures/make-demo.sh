#!/usr/bin/env bash
# SPDX-License-Identifier: CC0-1.0
# Cuts demo.jpg, the picture of the README, out of the sheet that scripts/demo.sh made: two moments
# and the names of the columns.
set -euo pipefail
cd "$(dirname "$0")"
row() { echo "( ../../out/demo.png -crop x$2+0+$1 +repage )"; }
# shellcheck disable=SC2046
convert $(row 243 240) $(row 963 240) $(row 1443 29) -append -background white -flatten \
    -sampling-factor 4:2:0 -quality 86 -strip demo.jpg
