"""A server on the loopback address that behaves as badly as it is told to."""

import contextlib
import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from sdaasp_geo.sources.fetch import Patience

QUICK = Patience(attempts=3, connect_s=5, read_s=5, first_wait_s=0, chunk_bytes=1 << 14)
MODIFIED = "Wed, 01 Jul 2026 10:00:00 GMT"


@dataclass
class Resource:
    """One address: what it serves, and how it behaves at each request in turn.

    An act is ``ok``, a status, ``drop`` (half of what was asked, then the line is cut), a
    number of bytes as ``drop:N``, or ``slow:S`` (a pause of S seconds before each tenth).
    After the last act all is well.
    """

    body: bytes
    acts: list = field(default_factory=list)
    etag: str | None = "as is"
    ranges: bool = True
    heeds_if_range: bool = True
    headers: dict = field(default_factory=dict)
    location: str | None = None
    gate: threading.Barrier | None = None
    sent: int = 0

    @property
    def tag(self):
        return f'"{hashlib.sha256(self.body).hexdigest()}"' if self.etag == "as is" else self.etag


class Server:
    """The resources by path, and a log of the requests."""

    def __init__(self):
        self.resources = {}
        self.log = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def serve(self, path, body, **behaviour):
        resource = Resource(body, **behaviour)
        self.resources[path] = resource
        return resource

    def asked(self, path):
        return [headers for known, headers in self.log if known == path]

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    owner: Server

    def do_GET(self):
        path = unquote(self.path)
        self.owner.log.append((path, dict(self.headers)))
        resource = self.owner.resources.get(path)
        if resource is None:
            self._refuse(404)
            return
        act = resource.acts.pop(0) if resource.acts else "ok"
        if resource.gate is not None:
            resource.gate.wait(5)
        if isinstance(act, int):
            self._refuse(act, resource.headers)
        elif resource.location is not None:
            self._refuse(302, {"Location": resource.location})
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._answer(resource, act)

    def _refuse(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, resource, act):
        start = self._start(resource)
        if start is None:
            self._refuse(416, {"Content-Range": f"bytes */{len(resource.body)}"})
            return
        payload = resource.body[start:]
        self.send_response(206 if start else 200)
        if start:
            last = len(resource.body) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(resource.body)}")
        if resource.tag is not None:
            self.send_header("ETag", resource.tag)
        headers = {"Last-Modified": MODIFIED, "Content-Length": str(len(payload))}
        for name, value in (headers | resource.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self._send(resource, payload, str(act))

    def _start(self, resource):
        asked = self.headers.get("Range")
        if asked is None or not resource.ranges:
            return 0
        condition = self.headers.get("If-Range")
        same = condition in {None, resource.tag, MODIFIED}
        if resource.heeds_if_range and not same:
            return 0
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        return start if start < len(resource.body) else None

    def _send(self, resource, payload, act):
        kind, _, value = act.partition(":")
        if kind == "drop":
            payload = payload[: int(value) if value else len(payload) // 2]
        step = max(1, len(payload) // 10)
        for place in range(0, len(payload), step):
            if kind == "slow":
                time.sleep(float(value))
            piece = payload[place : place + step]
            self.wfile.write(piece)
            self.wfile.flush()
            resource.sent += len(piece)

    def log_message(self, *args):
        """Say nothing on the terminal."""
