"""A publisher's server that misbehaves on request."""

import os
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from inference.catalogue.transfer import Patience
from tests.unit.catalogue_helpers import CONFIG, WEIGHTS

HASTY = Patience(timeout=2.0, tries=3, first_wait=0.01, longest_wait=0.05)


class Publisher:
    """Serves WEIGHTS as /model.safetensors and CONFIG as /config.json.

    Attributes:
        faults: how the next answers go wrong, one each; when none is left, they are right.
        requests: (path, Range header or None) of what was asked.
        body: what /model.safetensors holds now.
        etag: its mark.
        release: a stalled, silent or held answer goes on when this is set.
        retry_after: what a busy server (429) asks for, in seconds.
        elsewhere: where a redirect leads.
    """

    def __init__(self):
        self.faults = []
        self.requests = []
        self.body = WEIGHTS
        self.etag = '"v1"'
        self.release = threading.Event()
        self.retry_after = "1"
        self.elsewhere = "/elsewhere/model.safetensors"
        self.url = ""


@contextmanager
def serve():
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_GET(self):
            publisher.requests.append((self.path, self.headers.get("Range")))
            body = CONFIG if self.path.endswith("config.json") else publisher.body
            fault = None if body is CONFIG or not publisher.faults else publisher.faults.pop(0)
            if isinstance(fault, int) and fault >= 400:
                self.fail(fault)
            elif fault == "redirect":
                self.redirect(publisher.elsewhere)
            elif fault == "circle":
                publisher.faults.append("circle")
                self.redirect(self.path)
            elif fault == "silent":
                publisher.release.wait(20)
            else:
                if fault == "held":
                    publisher.release.wait(60)
                self.send_body(body, fault)

        def fail(self, status):
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", publisher.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def redirect(self, place):
            self.send_response(302)
            self.send_header("Location", place)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send_body(self, body, fault):
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked[1]) if asked else 0
            same = self.headers.get("If-Range") == publisher.etag or fault == "careless"
            if not same or str(fault).startswith("no ranges"):
                start = 0
            if start >= len(body):
                self.send_response(416)
                self.end_headers()
                return
            if fault == "wrong start" and start:
                start += 1000
            part = body[start:]
            if fault == "wrong bytes":
                part = bytes(len(part))
            if fault == "log-in page":
                part = b"<html>Welcome to the hotel</html>"
            length = {"too long": len(part) + 999, "too short": 1000}.get(fault, len(part))
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if fault not in ("unknown length", "unknown length, break", "endless"):
                self.send_header("Content-Length", str(length))
            if publisher.etag:
                self.send_header("ETag", publisher.etag)
            self.end_headers()
            half = len(part) // 2
            if fault in ("break", "no ranges, break", "unknown length, break"):
                part = part[:half]
            if fault == "stall":
                self.wfile.write(part[:half])
                self.wfile.flush()
                publisher.release.wait(20)
                return
            if fault == "slow":
                for offset in range(0, len(part), 100_000):
                    self.wfile.write(part[offset : offset + 100_000])
                    time.sleep(0.02)
                return
            self.wfile.write(part + bytes(5000) if fault == "endless" else part)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # a client that hung up is part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with patch.dict(os.environ, no_proxy="127.0.0.1"):
            yield publisher
    finally:
        publisher.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
