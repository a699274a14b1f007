#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Opens a page in a headless Chromium and saves a frame of its video: browser.py URL OUT.png"""
import sys

from drivers import Chromium, save_picture

# Waits for frames of the video and gives one back as a PNG, with what the statistics say.
SCRIPT = """
const [seconds, done] = arguments;
const video = document.querySelector('video');
const start = performance.now();
const look = () => {
  const quality = video.getVideoPlaybackQuality();
  if (quality.totalVideoFrames >= 60 || performance.now() - start > 1000 * seconds) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    if (canvas.width) canvas.getContext('2d').drawImage(video, 0, 0);
    done({frames: quality.totalVideoFrames, state: document.getElementById('state').textContent,
          png: canvas.width ? canvas.toDataURL('image/png') : ''});
  } else setTimeout(look, 100);
};
look();
"""


def main() -> int:
    url, out = sys.argv[1:]
    with Chromium(["--disable-features=WebRtcHideLocalIpsWithMdns"]) as browser:
        browser.open(url)
        seen = browser.run(SCRIPT, 60)
    print(f"{seen['frames']} frames, {seen['state']}")
    return 0 if save_picture(seen["png"], out) else 1


if __name__ == "__main__":
    sys.exit(main())
