# SPDX-License-Identifier: MPL-2.0
"""What the loaders need to know: where pictures are, how often each folder comes, how hard it is augmented."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class DataConfig:
    """Settings of the loaders. `data` and `work` default to MATTE_DATA and MATTE_WORK."""

    data: str = ""
    work: str = ""
    batch: int = 32
    # Relative weight of each folder in an epoch; a folder not named has weight 1.
    weights: dict[str, float] = field(default_factory=dict)
