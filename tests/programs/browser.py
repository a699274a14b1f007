#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Opens a page in a headless Chromium and saves a frame of its video: browser.py URL OUT.png

Drives it by chromedriver's WebDriver protocol, which is plain HTTP; needs Debian's chromium-driver.
"""
import base64
import json
import subprocess
import sys
import urllib.request

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
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
           "--disable-dev-shm-usage", "--disable-features=WebRtcHideLocalIpsWithMdns"]


def call(base: str, method: str, path: str, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)["value"]


def main() -> int:
    url, out = sys.argv[1:]
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        # "ChromeDriver was started successfully on port 12345."
        line = next(line for line in driver.stdout if "on port" in line and "success" in line)
        base = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip(" .\n")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": OPTIONS},
                  "timeouts": {"script": 90000, "pageLoad": 60000}}
        session = "/session/" + call(base, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        try:
            call(base, "POST", session + "/url", {"url": url})
            seen = call(base, "POST", session + "/execute/async", {"script": SCRIPT, "args": [60]})
        finally:
            call(base, "DELETE", session)
    finally:
        driver.terminate()
        driver.wait()
    print(f"{seen['frames']} frames, {seen['state']}")
    if not seen["png"]:
        return 1
    with open(out, "wb") as file:
        file.write(base64.b64decode(seen["png"].split(",", 1)[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
