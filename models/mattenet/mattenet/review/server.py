# SPDX-License-Identifier: MPL-2.0
"""`mattenet review`: keep or drop labels by hand in the browser, the least certain first.

A local page (127.0.0.1 only, nothing loaded from elsewhere) shows picture, matte and overlay. Decisions go to
WORK/review.tsv as they are made, so the review can be stopped and resumed at any picture.
"""

from __future__ import annotations

import http.server
import importlib.resources
import json
import pathlib
import threading
import urllib.parse

from mattenet import config
from mattenet.data import folders, splits
from mattenet.data.config import DataConfig, sources
from mattenet.data.item import Item
from mattenet.errors import UserError
from mattenet.review import decisions

TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".bmp": "image/bmp"}
LARGEST_BODY = 4096  # bytes of a posted decision


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
        decided = decisions.read(self.file)
        return [{"folder": i.folder, "name": i.name, "score": round(i.score, 4), "decision": decided.get((i.folder, i.name)),
                 "unless_kept": self._unless_kept(i)} for i in self.items]

    def decide(self, number: int, name: str, decision: str) -> None:
        """Notes the decision on picture `number`, called `name`, unless it stands already; ValueError where there is none."""
        if not isinstance(number, int) or not 0 <= number < len(self.items):
            raise ValueError(f"picture {number!r} of {len(self.items)}")
        if decision not in (decisions.KEEP, decisions.DROP, decisions.UNDECIDED):
            raise ValueError(f"decision {decision!r}, expected keep, drop or undecided")
        item = self.items[number]
        if name != f"{item.folder}/{item.name}":
            raise ValueError(f"picture {number + 1} is now {item.folder}/{item.name}: the page is older than the server, load it again")
        with self._lock:
            if decisions.read(self.file).get((item.folder, item.name), decisions.UNDECIDED) != decision:
                decisions.append(self.file, item.folder, item.name, decision, item.score)

    def file_of(self, kind: str, number: int) -> pathlib.Path | None:
        """The file behind /picture/N, /matte/N and /confidence/N."""
        if not 0 <= number < len(self.items):
            return None
        item = self.items[number]
        return {"picture": item.picture, "matte": item.mask, "confidence": item.confidence}.get(kind)


def handler(review: Review) -> type[http.server.BaseHTTPRequestHandler]:
    """The request handler that serves `review`."""
    page = importlib.resources.files(__package__).joinpath("page.html").read_bytes()

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
            if path == "/":
                return self._send(200, "text/html; charset=utf-8", page)
            if path == "/list":
                return self._send(200, "application/json", json.dumps({"start": review.start, "pictures": review.listing()}).encode())
            kind, _, number = path.strip("/").partition("/")
            file = review.file_of(kind, int(number)) if number.isdecimal() else None
            if file is None or not file.is_file():
                return self._send(404, "text/plain", b"no such picture")
            return self._send(200, TYPES[file.suffix.lower()], file.read_bytes())

        def do_POST(self) -> None:
            if not self._local():
                return
            # A form of another site cannot send this content type without being asked first.
            length = int(self.headers.get("Content-Length", 0))
            if self.path != "/decide" or self.headers.get("Content-Type") != "application/json" or length > LARGEST_BODY:
                return self._send(400, "text/plain", b"expected a JSON decision at /decide")
            try:
                body = json.loads(self.rfile.read(length))
                review.decide(body["number"], body["name"], body["decision"])
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
