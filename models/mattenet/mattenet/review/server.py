# SPDX-License-Identifier: MPL-2.0
"""`mattenet review`: keep, drop, correct and tag labels by hand in the browser, the least certain first.

A local page (127.0.0.1 only, nothing loaded from elsewhere) shows picture, matte and overlay. Decisions go to
WORK/review.tsv, corrections to WORK/touchup.tsv and tags to WORK/tags.tsv as they are made, so the review can be
stopped and resumed at any picture.
"""

from __future__ import annotations

import http.server
import importlib.resources
import json
import pathlib
import threading
import urllib.parse

import cv2

from mattenet import config
from mattenet.data import folders, item as items, splits
from mattenet.data.config import DataConfig, sources
from mattenet.data.item import Item
from mattenet.errors import UserError
from mattenet.review import decisions, tags, touchup

TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".bmp": "image/bmp"}
LARGEST_BODY = 1 << 20  # bytes of what is posted
PAGE = {"/": ("page.html", "text/html; charset=utf-8"), "/page.css": ("page.css", "text/css"),
        "/page.js": ("page.js", "text/javascript"), "/touchup.js": ("touchup.js", "text/javascript")}


def add_parser(sub) -> None:
    """Adds `review` to the command line."""
    p = sub.add_parser("review", help="keep or drop labels by hand in the browser", description=__doc__)
    config.add_arguments(p)
    p.add_argument("folders", nargs="*", metavar="FOLDER", help="labelled folders below --data (default: all)")
    p.add_argument("--split", choices=(splits.TRAIN, splits.VALIDATION), help="only the pictures of one split")
    p.add_argument("--from", dest="start", type=float, metavar="SCORE", help="start at this score (default: the first undecided picture)")
    p.add_argument("--port", type=int, default=8765, help="0 = any free one")


class Review:
    """The pictures under review by rising score, and their decisions."""

    def __init__(self, cfg: DataConfig, wanted: list[str], split: str | None, start: float | None = None):
        root, self.work = pathlib.Path(cfg.data), pathlib.Path(cfg.work)
        self.file = self.work / "review.tsv"
        self.touchups, self.tags = self.work / "touchup.tsv", self.work / "tags.tsv"
        known = sources(cfg)
        names = wanted or [name for name, source in known.items() if source.loader == "labels"]
        for name in names:
            if name not in known or known[name].loader != "labels":
                raise UserError(f"folder {name!r} is not one of the labelled sources: {', '.join(k for k, s in known.items() if s.loader == 'labels')}")
        found = [i for name in names for i in folders.labelled(root, name, self.work / "labels")]
        if split:
            found = [i for i in found if splits.split(i.folder, i.name, known[i.folder]) == split]
        if not found:
            raise UserError("nothing to review: label the pictures first (`mattenet label`)")
        self.items: list[Item] = sorted(found, key=lambda i: (i.score, i.folder, i.name))
        self.start = None if start is None else next((n for n, i in enumerate(self.items) if i.score >= start), None)
        if start is not None and self.start is None:
            raise UserError(f"--from {start}: the highest score is {self.items[-1].score:.3f}")
        self._known, self._least_score, self._lock = known, cfg.least_score, threading.Lock()

    def _unless_kept(self, item: Item) -> str:
        if splits.split(item.folder, item.name, self._known[item.folder]) == splits.VALIDATION:
            return "validation, not kept"
        return "below least_score" if item.score < self._least_score else ""

    def listing(self) -> list[dict]:
        """What the page needs of every picture; `unless_kept` says why it is not used as long as nobody keeps it."""
        decided, tagged = decisions.read(self.file), tags.read(self.tags)
        return [{"folder": i.folder, "name": i.name, "score": round(i.score, 4), "decision": decided.get((i.folder, i.name)),
                 "unless_kept": self._unless_kept(i), "tags": tagged.get((i.folder, i.name), ()),
                 "strokes": [vars(stroke) for stroke in i.strokes]} for i in self.items]

    def _item(self, number: object, name: object) -> Item:
        """Picture `number`, called `name`; ValueError where there is none."""
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self.items):
            raise ValueError(f"picture {number!r} of {len(self.items)}")
        item = self.items[number]
        if name != f"{item.folder}/{item.name}":
            raise ValueError(f"picture {number + 1} is now {item.folder}/{item.name}: the page is older than the server, load it again")
        return item

    def decide(self, number: int, name: str, decision: str) -> None:
        """Notes the decision on a picture, unless it stands already; ValueError on a picture or decision that is none."""
        if decision not in (decisions.KEEP, decisions.DROP, decisions.UNDECIDED):
            raise ValueError(f"decision {decision!r}, expected keep, drop or undecided")
        item = self._item(number, name)
        with self._lock:
            if decisions.read(self.file).get((item.folder, item.name), decisions.UNDECIDED) != decision:
                decisions.append(self.file, item.folder, item.name, decision, item.score)

    def touch_up(self, number: int, name: str, strokes: list) -> None:
        """Notes all strokes over a picture's label; ValueError on a picture or strokes that are none."""
        item, parsed = self._item(number, name), touchup.parse(strokes)
        with self._lock:
            if item.strokes != parsed:
                touchup.append(self.touchups, item.folder, item.name, parsed)
                item.strokes = parsed

    def tag(self, number: int, name: str, words: list[str]) -> None:
        """Notes the tags of a picture; ValueError on a picture or tag that is none."""
        item, found = self._item(number, name), tags.check(words)
        with self._lock:
            if tags.read(self.tags).get((item.folder, item.name), ()) != found:
                tags.append(self.tags, item.folder, item.name, found)

    def view(self, kind: str, number: int) -> tuple[str, bytes] | None:
        """Content type and bytes of /picture/N, /matte/N and /confidence/N, corrections by hand included."""
        if not 0 <= number < len(self.items):
            return None
        item = self.items[number]
        file = {"picture": item.picture, "matte": item.mask, "confidence": item.confidence}.get(kind)
        if file is None or not file.is_file():
            return None
        if kind == "picture" or not item.strokes:
            return TYPES[file.suffix.lower()], file.read_bytes()
        alpha, confidence = items.label(item, 0, 0)
        _, png = cv2.imencode(".png", alpha if kind == "matte" else confidence)
        return TYPES[".png"], png.tobytes()


def handler(review: Review) -> type[http.server.BaseHTTPRequestHandler]:
    """The request handler that serves `review`."""
    folder = importlib.resources.files(__package__)
    page = {path: (kind, folder.joinpath(file).read_bytes()) for path, (file, kind) in PAGE.items()}
    posts = {"/decide": lambda b: review.decide(b["number"], b["name"], b["decision"]),
             "/touchup": lambda b: review.touch_up(b["number"], b["name"], b["strokes"]),
             "/tag": lambda b: review.tag(b["number"], b["name"], b["tags"])}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args) -> None:  # one line a request would drown the terminal
            pass

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")  # picture N is another one when the folders change
            self.end_headers()
            self.wfile.write(body)

        def _local(self) -> bool:
            # Another site's page may know this port by name (DNS rebinding): answer to local names only.
            if self.headers.get("Host", "").rsplit(":", 1)[0] in ("127.0.0.1", "localhost"):
                return True
            self._send(403, "text/plain", b"this page is served to 127.0.0.1 only")
            return False

        def do_GET(self) -> None:
            if not self._local():
                return
            path = urllib.parse.urlparse(self.path).path
            if path in page:
                return self._send(200, *page[path])
            if path == "/list":
                listed = {"start": review.start, "pictures": review.listing(), "tags": tags.TAGS}
                return self._send(200, "application/json", json.dumps(listed).encode())
            kind, _, number = path.strip("/").partition("/")
            view = review.view(kind, int(number)) if number.isdecimal() else None
            if view is None:
                return self._send(404, "text/plain", b"no such picture")
            return self._send(200, *view)

        def do_POST(self) -> None:
            if not self._local():
                return
            # A form of another site cannot send this content type without being asked first.
            length = int(self.headers.get("Content-Length", 0))
            if self.path not in posts or self.headers.get("Content-Type") != "application/json" or length > LARGEST_BODY:
                return self._send(400, "text/plain", f"expected JSON at {', '.join(posts)}".encode())
            try:
                posts[self.path](json.loads(self.rfile.read(length)))
            except (ValueError, KeyError, TypeError) as error:
                return self._send(400, "text/plain", str(error).encode())
            except (UserError, OSError) as error:  # a damaged file, a full disk
                return self._send(500, "text/plain", str(error).encode())
            return self._send(200, "application/json", b"{}")

    return Handler


def serve(review: Review, port: int) -> http.server.ThreadingHTTPServer:
    """A server bound to 127.0.0.1:`port`, not yet running."""
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler(review))
    except OSError as error:
        raise UserError(f"port {port} on 127.0.0.1: {error.strerror}; choose another with --port") from error


def run(args) -> None:
    """Serves until interrupted."""
    cfg = config.from_args(args).data
    if not cfg.data or not cfg.work:
        raise UserError("review needs --data and --work (or MATTE_DATA and MATTE_WORK)")
    review = Review(cfg, args.folders, args.split, args.start)
    server = serve(review, args.port)
    open_ = sum(entry["decision"] is None for entry in review.listing())
    print(f"{len(review.items)} pictures, {open_} undecided: http://127.0.0.1:{server.server_port}/ (Ctrl-C ends)", flush=True)
    server.serve_forever()
