# SPDX-License-Identifier: MPL-2.0
"""Labels for unlabelled pictures: teachers, their fusion, and the command that runs both."""
