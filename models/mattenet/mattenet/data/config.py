# SPDX-License-Identifier: MPL-2.0
"""What the loaders need to know: where pictures are, how often each folder comes, how hard it is augmented."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass, field

import yaml

LOADERS = ("masks", "coco", "labels", "empty", "unlabelled")


@dataclass
class SourceConfig:
    """One folder of pictures below the data root."""

    # masks: images/ + masks/; coco: images + annotations.json; labels: masks made by `mattenet label`;
    # empty: no person on any; unlabelled: pictures only (for learning features).
    loader: str = "labels"
    weight: float = 1.0  # share of the samples, relative to the other folders; 0 = never
    kind: str = "scene"  # scene, general, street, negative: named in reports
    validation: bool = False  # the whole folder is validation (see splits.py for the rest)
    held_out: str = ""  # FIRST..LAST: the pictures from one name to the other are validation, as one call's are
    edge_trust: float = 1.0  # confidence within 3 px of the mask's edge; below 1 for coarse polygons
    upper_body: bool = False  # full-length people: crops show the upper body most of the time
    annotations: str = "annotations.json"  # coco: file below the folder


@dataclass
class AugmentConfig:
    """Chances (0..1) and strengths of the augmentation; see augment.py and compose.py."""

    flip: float = 0.5
    rotate: float = 6.0  # standard deviation, degrees
    stretch: float = 0.4  # chance that the whole picture is stretched to the frame, as a fixed-size network sees it
    compose: float = 0.4  # chance that the person is put before another room
    two_people: float = 0.25  # share of those that go into another person's picture
    beside: float = 0.0  # share of those that go into a part of a labelled picture that nobody is in
    coats: float = 0.0  # share of those whose room gets clothes that nobody wears: what hangs on doors and chairs
    worn: float = 0.0  # chance that the person gets a headset, cap or something in the hand, drawn (things.py)
    behind: float = 0.0  # chance that a chair's back, lamp or shelf stands behind the head, drawn
    sharpness: float = 0.7  # share of those whose sharper half, person or room, is blurred until it is as soft as the other
    border: float = 0.25  # share of those where the person is partly outside the frame
    moving: float = 0.0  # share of the pairs (data.pairs) in which the person moves before a room that stays
    colour: float = 0.9
    light: float = 0.2  # uneven light
    low_light: float = 0.12
    blur: float = 0.25
    noise: float = 0.5
    jpeg: float = 0.3
    gray: float = 0.03


@dataclass
class DataConfig:
    """Settings of the loaders. `data` and `work` default to MATTE_DATA and MATTE_WORK."""

    data: str = ""
    work: str = ""
    batch: int = 32
    workers: int = 0  # processes that prepare batches; 0 = in the training process
    epoch: int = 8192  # samples that count as one epoch; mining may change weights between epochs
    # Relative weight of each folder in an epoch; replaces the source's own weight.
    weights: dict[str, float] = field(default_factory=dict)
    # Folders by path below `data`; none = the project's list (sources.yaml).
    sources: dict[str, SourceConfig] = field(default_factory=dict)
    cache_side: int = 384  # longer side of cached pictures, px
    # Teacher labels below this score are left out unless a review kept them; low, as confidence masks what is doubtful.
    least_score: float = 0.1
    mining: float = 3.0  # how many times as often the hardest picture comes as an easy one
    # Share of a batch that is pairs, at its front: the same frame twice, a moment later (0..1; see Frames.pair).
    pairs: float = 0.0
    # A pair's first frame is without noise, exposure and compression of its own, and train.teacher looks at this one
    # alone: what it sees there, moved as the truth moves, both frames are taught (see mattenet.train.distil).
    calm: bool = False
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def pair_count(self) -> int:
        """Pairs in a batch: frames 2i and 2i + 1 of its front."""
        return int(self.batch * min(max(self.pairs, 0.0), 1.0)) // 2


def sources(config: DataConfig) -> dict[str, SourceConfig]:
    """The folders to use: those of the config, or else the project's own list, with `weights` applied."""
    from mattenet.config import from_dict  # late: mattenet.config imports this module

    found = config.sources
    if not found:
        text = importlib.resources.files(__package__).joinpath("sources.yaml").read_text()
        found = {name: from_dict(SourceConfig, entry or {}, f"sources.{name}") for name, entry in yaml.safe_load(text).items()}
    for name, source in found.items():
        if source.loader not in LOADERS:
            from mattenet.errors import UserError

            raise UserError(f"source {name}: loader {source.loader!r} is unknown, use one of {', '.join(LOADERS)}")
        source.weight = config.weights.get(name, source.weight)
    return found
