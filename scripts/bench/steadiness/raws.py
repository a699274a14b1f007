# SPDX-License-Identifier: MPL-2.0
"""Raw mattes: of real networks on the clips' frames, and of the truth with a network's noise."""

import cv2
import numpy as np


class Network:
    """An ONNX file that takes RGB 0 to 1 (NCHW) and answers alpha."""

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        shape = self.input.shape
        self.size = (shape[3], shape[2])

    def __call__(self, clip):
        out = []
        for rgb in clip.frames:
            small = cv2.resize(rgb, self.size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            tensor = np.ascontiguousarray(small.transpose(2, 0, 1)[None])
            out.append(np.clip(self.session.run(None, {self.input.name: tensor})[0][0, 0], 0, 1))
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
