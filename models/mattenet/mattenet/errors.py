# SPDX-License-Identifier: MPL-2.0
"""Errors that are the user's to mend, shown without a traceback."""


class UserError(Exception):
    """A mistake in input, configuration or files: what was found, what was expected, what to do."""
