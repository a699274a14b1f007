# SPDX-License-Identifier: MPL-2.0
import sys

from mattenet.cli import main

sys.exit(main())
