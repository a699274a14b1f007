# SPDX-License-Identifier: MPL-2.0
"""mattenet: the recipe behind the networks that the matte GStreamer plugin ships."""

__version__ = "0.1.0"
