#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Background blur as it is usually written in Python: MediaPipe's selfie segmentation and OpenCV.

The peer of `scripts/bench.sh performance`. The steps are those of MediaPipe's own example for
selfie segmentation: segment, blur the frame with a 55 px Gaussian, choose per pixel.

usage: python_pipeline.py NV12-FILE WIDTH HEIGHT FRAMES [PICTURE]     with a PICTURE: replace
prints: ms of processor time per frame, ms of wall time per frame (without the first five frames)
"""
import sys
import time

import cv2
import mediapipe
import numpy as np

WARM_UP = 5


def main() -> None:
    path, (width, height, count) = sys.argv[1], map(int, sys.argv[2:5])
    cv2.setNumThreads(1)
    picture = None
    if len(sys.argv) > 5:
        picture = cv2.resize(cv2.imread(sys.argv[5]), (width, height))
    size = width * height * 3 // 2
    network = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=1)
    with open(path, "rb") as file:
        frames = [np.frombuffer(file.read(size), np.uint8) for _ in range(count)]
    for index, frame in enumerate(frame for frame in frames if frame.size == size):
        if index == WARM_UP:
            processor, wall = time.process_time(), time.perf_counter()
        image = cv2.cvtColor(frame.reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_NV12)
        mask = network.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).segmentation_mask
        condition = np.stack((mask,) * 3, axis=-1) > 0.1
        background = cv2.GaussianBlur(image, (55, 55), 0) if picture is None else picture
        np.where(condition, image, background)
    done = index + 1 - WARM_UP
    processor = (time.process_time() - processor) * 1e3 / done
    wall = (time.perf_counter() - wall) * 1e3 / done
    print(f"{processor:.2f} {wall:.2f}")


if __name__ == "__main__":
    main()
