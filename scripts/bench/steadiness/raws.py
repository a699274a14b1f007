# SPDX-License-Identifier: MPL-2.0
"""Raw mattes: of real networks on the clips' frames, and of the truth with a network's noise."""

import tomllib

import cv2
import numpy as np


class Network:
    """An ONNX file with one picture in and alpha as its first output. Mean and deviation (of 0 to 1)
    are those of its description (NAME.toml beside it), if there is one; layout is told by the shape."""

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        # Free sides are those of ours, made for this size.
        free = {2: 144, 3: 256}
        shape = [n if isinstance(n, int) else free.get(axis, 1) for axis, n in enumerate(self.input.shape)]
        self.last = shape[3] == 3
        self.size = (shape[2], shape[1]) if self.last else (shape[3], shape[2])
        described = path.with_suffix(".toml")
        known = tomllib.loads(described.read_text()).get("input", {}) if described.exists() else {}
        self.mean, self.deviation = np.float32(known.get("mean", 0)), np.float32(known.get("std", 1))

    def __call__(self, clip):
        out = []
        for rgb in clip.frames:
            small = cv2.resize(rgb, self.size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            small = (small - self.mean) / self.deviation
            tensor = np.ascontiguousarray((small if self.last else small.transpose(2, 0, 1))[None])
            alpha = self.session.run(None, {self.input.name: tensor})[0][0]
            out.append(np.clip(alpha[..., 0] if self.last else alpha[0], 0, 1))
        return out


def noisy_truth(clip, seed=5):
    """The truth at 256 columns, its outline wobbling from frame to frame, soft and with weak
    patches: noise in the logit, smooth in space, new in every frame."""
    random = np.random.default_rng(seed)
    size = (256, 144)
    out = []
    for truth in clip.truth:
        if truth is None:
            return None
        alpha = cv2.GaussianBlur(cv2.resize(truth, size, interpolation=cv2.INTER_AREA), (0, 0), 1.2)
        logit = np.log((alpha + 0.01) / (1.01 - alpha))
        fine = cv2.GaussianBlur(random.normal(size=size[::-1]).astype(np.float32), (0, 0), 1.5) * 5
        coarse = cv2.GaussianBlur(random.normal(size=size[::-1]).astype(np.float32), (0, 0), 6.0) * 15
        out.append((1 / (1 + np.exp(-(logit + 0.7 * fine + 0.6 * coarse)))).astype(np.float32))
    return out
