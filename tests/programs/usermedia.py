#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A page gets a camera by getUserMedia, as a conference does, in a headless browser.

usage: usermedia.py chromium|firefox NAME OUT.png

NAME is the camera's as the browser lists it. Prints all names, and saves a frame.
"""
import http.server
import sys
import threading

from drivers import BrowserEnded, Chromium, Firefox, save_picture

TRIES = 3  # of a browser that crashes
# Nobody is asked for permission; all else is as in a conference.
BROWSERS = {
    "chromium": lambda: Chromium(["--use-fake-ui-for-media-stream", "--enable-features=WebRtcPipeWireCamera"]),
    "firefox": lambda: Firefox({"media.navigator.permission.disabled": True, "media.webrtc.camera.allow-pipewire": True,
                                "media.navigator.streams.fake": False}),
}
SCRIPT = """
const [name, least, patience, done] = arguments;
const start = performance.now();
const wait = ms => new Promise(go => setTimeout(go, ms));
(async () => {
  const media = navigator.mediaDevices;
  // Names are told once a camera was allowed.
  const any = await media.getUserMedia({video: true});
  any.getTracks().forEach(track => track.stop());
  const cameras = (await media.enumerateDevices()).filter(device => device.kind === 'videoinput');
  const names = cameras.map(camera => camera.label);
  const camera = cameras.find(camera => camera.label === name);
  if (!camera) return {names, time: 0, png: ''};
  const video = document.querySelector('video');
  video.srcObject = await media.getUserMedia({video: {deviceId: {exact: camera.deviceId}}});
  await video.play();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  // Until the camera has woken up, a dark picture is sent.
  const isDark = () => {
    context.drawImage(video, 0, 0);
    return context.getImageData(8, 8, 1, 1).data.slice(0, 3).every(value => Math.abs(value - 37) < 8);
  };
  while ((video.currentTime < least || isDark()) && performance.now() - start < 1000 * patience) await wait(100);
  return {names, time: video.currentTime, png: canvas.toDataURL('image/png')};
})().then(done, error => done({names: [String(error)], time: 0, png: ''}));
"""


class Page(http.server.BaseHTTPRequestHandler):
    """Cameras are given to pages of a secure origin only, which localhost is."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>camera</title><video muted playsinline></video>")

    def log_message(self, *_):
        pass


def main() -> int:
    program, name, out = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Firefox 153 crashes by itself in one of six runs.
    for left in range(TRIES - 1, -1, -1):
        try:
            with BROWSERS[program]() as browser:
                browser.open(f"http://localhost:{server.server_port}/")
                seen = browser.run(SCRIPT, name, 2, 90)
            break
        except BrowserEnded as error:
            print(f"{error}; {left} tries left")
            if not left:
                raise
    print(f"{program} lists {', '.join(seen['names'])}; {seen['time']:.1f} s of {name}")
    return 0 if save_picture(seen["png"], out) else 1


if __name__ == "__main__":
    sys.exit(main())
