# SPDX-License-Identifier: MPL-2.0
"""Headless browsers, driven without a library: Chromium by chromedriver's WebDriver protocol (plain
HTTP; Debian's chromium-driver), Firefox by its own Marionette (JSON over TCP).
"""
import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

PATIENCE = 120  # seconds for an answer of a browser


def save_picture(url: str, out: str) -> bool:
    """Saves a canvas's data URL as a file. False if the canvas gave none."""
    if not url:
        return False
    pathlib.Path(out).write_bytes(base64.b64decode(url.split(",", 1)[1]))
    return True


class BrowserEnded(RuntimeError):
    """The browser has ended by itself, by a fault of its own."""


class Chromium:
    OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
               "--disable-dev-shm-usage"]

    def __init__(self, options=()):
        self.options = [*self.OPTIONS, *options]

    def __enter__(self):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        # "ChromeDriver was started successfully on port 12345."
        line = next(line for line in self.driver.stdout if "on port" in line and "success" in line)
        self.base = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip(" .\n")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": self.options},
                  "timeouts": {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}}
        try:
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except BaseException:
            self.end()
            raise
        self.base += "/session/" + session["sessionId"]
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.end()

    def end(self):
        self.driver.terminate()
        self.driver.wait()

    def call(self, method: str, path: str, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=2 * PATIENCE) as reply:
            return json.load(reply)["value"]

    def open(self, url: str):
        self.call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments):
        """What a script gives its last argument, a function."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})


class Firefox:
    def __init__(self, preferences: dict):
        self.preferences = {"marionette.port": 0, "datareporting.policy.dataSubmissionEnabled": False, **preferences}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        profile = pathlib.Path(self.folder.name)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in self.preferences.items()]
        (profile / "user.js").write_text("\n".join(lines))
        command = ["firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
        # The dialog about a crash would wait for somebody to press its button. All of its processes are a
        # group, so that none outlives the test.
        self.program = subprocess.Popen(command, env={**os.environ, "MOZ_CRASHREPORTER_DISABLE": "1"}, start_new_session=True)
        try:
            self.connect(profile / "MarionetteActivePort")
        except BaseException:
            self.end()
            raise
        return self

    def connect(self, file: pathlib.Path):
        # The port that it has chosen is written to its profile.
        end = time.monotonic() + PATIENCE
        while not (file.exists() and file.read_text().strip()):
            if self.program.poll() is not None:
                raise BrowserEnded("Firefox has ended before it was ready")
            if time.monotonic() > end:
                raise RuntimeError("Firefox does not start")
            time.sleep(0.2)
        self.socket = socket.create_connection(("127.0.0.1", int(file.read_text())), timeout=2 * PATIENCE)
        self.stream, self.number = self.socket.makefile("rb"), 0
        self.read()
        self.call("WebDriver:NewSession", {"timeouts": {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}})

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.program.terminate()
        try:
            self.program.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.program.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.program.wait()
        self.folder.cleanup()

    def read(self):
        # LENGTH:JSON
        length = b""
        while (byte := self.stream.read(1)) != b":":
            if not byte:
                raise BrowserEnded("Firefox has ended")
            length += byte
        return json.loads(self.stream.read(int(length)))

    def call(self, name: str, arguments: dict):
        self.number += 1
        text = json.dumps([0, self.number, name, arguments]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self.read()
        if error:
            raise RuntimeError(f"{name}: {error['message']}")
        return result

    def open(self, url: str):
        self.call("WebDriver:Navigate", {"url": url})

    def run(self, script: str, *arguments):
        """What a script gives its last argument, a function."""
        return self.call("WebDriver:ExecuteAsyncScript", {"script": script, "args": list(arguments)})["value"]
