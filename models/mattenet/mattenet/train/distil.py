# SPDX-License-Identifier: MPL-2.0
"""A trained network as the teacher of a smaller one: its soft mattes and its map at 1/16 (Hinton et al. 2015, Romero et al. 2015).

The teacher sees the same augmented frames, so that it speaks about pictures that nobody has labelled: made scenes, and
pixels where labels are not trusted. Of a pair of frames (data.pairs) with data.calm it sees the first, which is clean, and
both are taught what it sees there: so a network that teaches itself keeps what it knows and stops following noise.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mattenet import export
from mattenet.train.loss import LossConfig


def channels16(net: nn.Module, height: int = 32, width: int = 32) -> int:
    """Channels of the deepest map at 1/16 of a network's encoder."""
    with torch.no_grad():
        return net.backbone(torch.zeros(1, 3, height, width))[16].shape[1]


class Distiller(nn.Module):
    """The frozen teacher, and the linear layer from the student's map at 1/16 to the teacher's (learnt, not exported)."""

    def __init__(self, path: str, student: nn.Module):
        """`path`: a checkpoint of `mattenet train` or `thaw`. UserError where it is none."""
        super().__init__()
        self.teacher = export.fold_batch_norm(export.load_net(path)[0]).requires_grad_(False)
        was = student.training
        self.to16 = nn.Conv2d(channels16(student.eval()), channels16(self.teacher), 1)
        student.train(was)

    def train(self, mode: bool = True) -> Distiller:
        """The teacher stays in eval mode whatever `mode` is."""
        super().train(mode)
        self.teacher.eval()
        return self

    def loss(self, image: torch.Tensor, map16: torch.Tensor, logits: torch.Tensor, cfg: LossConfig,
             alpha: torch.Tensor | None = None, calm: int = 0) -> torch.Tensor:
        """cfg.soft times the cross-entropy with the teacher's matte, less its own entropy (0 where both agree), plus
        cfg.features times the mean squared error of the standardised maps (1 is what predicting the mean gives).

        `image` [B, 3, H, W] in 0..1; `map16` and `logits` are the student's. The batch's first `calm` pairs, frames 2i and
        2i + 1, are taught the teacher's matte of their first frame, changed as `alpha`, the truth, changes.
        """
        if calm:
            first = torch.arange(len(image), device=image.device)
            first[1 : 2 * calm : 2] -= 1
            # Without features nothing is asked about second frames.
            seen, of = (slice(None), first) if cfg.features else first.unique(return_inverse=True)
        with torch.no_grad():
            maps = self.teacher.backbone(image[seen] if calm else image)
            p = torch.sigmoid(cfg.sharpness * self.teacher.head(maps).float())
            if calm:
                p = (p[of] + alpha - alpha[first]).clamp(0, 1)
            # By channel over the batch: so that no channel drowns the others.
            target = F.batch_norm(maps[16].float(), None, None, training=True)
        loss = logits.new_zeros(())
        if cfg.soft:
            own = (torch.special.entr(p) + torch.special.entr(1 - p)).mean()
            loss = loss + cfg.soft * (F.binary_cross_entropy_with_logits(cfg.sharpness * logits.float(), p) - own)
        if cfg.features:
            loss = loss + cfg.features * F.mse_loss(self.to16(map16).float(), target)
        return loss
