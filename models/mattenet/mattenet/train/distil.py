# SPDX-License-Identifier: MPL-2.0
"""A trained network as the teacher of a smaller one: its soft mattes and its map at 1/16 (Hinton et al. 2015, Romero et al. 2015).

The teacher sees the same augmented frames, so that it speaks about pictures that nobody has labelled: made scenes, and
pixels where labels are not trusted.
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

    def loss(self, image: torch.Tensor, map16: torch.Tensor, logits: torch.Tensor, cfg: LossConfig) -> torch.Tensor:
        """cfg.soft times the cross-entropy with the teacher's matte, less its own entropy (0 where both agree), plus
        cfg.features times the mean squared error of the standardised maps (1 is what predicting the mean gives).

        `image` [B, 3, H, W] in 0..1; `map16` and `logits` are the student's.
        """
        with torch.no_grad():
            maps = self.teacher.backbone(image)
            soft = self.teacher.head(maps).float()
            # By channel over the batch: so that no channel drowns the others.
            target = F.batch_norm(maps[16].float(), None, None, training=True)
        loss = logits.new_zeros(())
        if cfg.soft:
            p = torch.sigmoid(soft)
            own = F.binary_cross_entropy_with_logits(soft, p)
            loss = loss + cfg.soft * (F.binary_cross_entropy_with_logits(logits.float(), p) - own)
        if cfg.features:
            loss = loss + cfg.features * F.mse_loss(self.to16(map16).float(), target)
        return loss
