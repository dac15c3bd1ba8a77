"""Draws a PLY in a browser viewer and compares it with our own picture.

    python -m benchmarks.browser_viewer HEAD.ply --out FOLDER [--yaw 30] [--chromium PATH]

Fetches https://github.com/mkkellogg/GaussianSplats3D from npm into a temporary folder, opens it
in headless Chromium on software GL, and prints as JSON: how much the two silhouettes overlap,
how far their mean colours and their pictures lie apart, and the same against our picture upside
down, so that a head standing on its head cannot pass. Needs npm and Chromium.
"""

import argparse
import base64
import io
import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.export.ply import read_ply
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_FOV_DEGREES, orbit_camera
from inference.rendering.portable.renderer import PortableRenderer

PACKAGES = ("@mkkellogg/gaussian-splats-3d@0.4.7", "three@0.170.0")
SIZE = 512
TIMEOUT_SECONDS = 240
_TYPES = {".js": "text/javascript", ".html": "text/html", ".json": "application/json"}

Answers = queue.Queue[tuple[str, bytes]]


class _Server(BaseHTTPRequestHandler):
    """Serves the page, its modules, the head and the camera; takes the picture."""

    def __init__(
        self, find: Callable[[str], bytes | None], answers: Answers, *rest: object
    ) -> None:
        self._find = find
        self._answers = answers
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        content = self._find(self.path)
        self.send_response(404 if content is None else 200)
        kind = _TYPES.get(Path(self.path).suffix, "application/octet-stream")
        self.send_header("Content-Type", kind if self.path != "/" else "text/html")
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self._answers.put((self.path, body))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def view_description(yaw: float) -> dict[str, object]:
    """Our orbit camera in the file's frame, which is ours turned by 180 degrees about x."""
    x, y, z = orbit_camera(yaw).position.tolist()
    tx, ty, tz = HEAD_CENTRE
    return {
        "size": SIZE,
        "fov": PORTRAIT_FOV_DEGREES,
        "position": [x, -y, -z],
        "target": [tx, -ty, -tz],
    }


def browser_picture(head: Path, yaw: float, chromium: str, work: Path) -> NDArray[np.uint8]:
    """What the viewer draws, [SIZE, SIZE, 3]."""
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(work), *PACKAGES]
    subprocess.run(command, check=True, capture_output=True)
    modules = (work / "node_modules").resolve()

    def find(path: str) -> bytes | None:
        if path == "/":
            return Path(__file__).with_name("page.html").read_bytes()
        if path == "/camera.json":
            return json.dumps(view_description(yaw)).encode()
        if path == "/head.ply":
            return head.read_bytes()
        file = (modules / path.removeprefix("/modules/")).resolve()
        inside = path.startswith("/modules/") and file.is_relative_to(modules)
        return file.read_bytes() if inside and file.is_file() else None

    answers: Answers = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Server, find, answers))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--no-first-run"]
    flags += ["--use-angle=swiftshader", f"--user-data-dir={work / 'profile'}"]
    address = f"http://127.0.0.1:{server.server_port}/"
    browser = subprocess.Popen(
        [chromium, *flags, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        path, body = answers.get(timeout=TIMEOUT_SECONDS)
    except queue.Empty:
        sys.exit("The browser drew nothing in time.")
    finally:
        browser.terminate()
        browser.wait(20)
        server.shutdown()
    if path != "/picture":
        sys.exit(f"The viewer failed: {body.decode(errors='replace')[:300]}")
    encoded = body.split(b",", 1)[1]
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image.convert("RGB"))


def compare(theirs: NDArray[np.uint8], ours: NDArray[np.uint8]) -> dict[str, float]:
    """How near two pictures over white are."""
    a, b = theirs.astype(np.float64) / 255, ours.astype(np.float64) / 255
    inside_a, inside_b = (picture.min(axis=2) < 0.97 for picture in (a, b))
    both = inside_a & inside_b
    error = float(((a - b) ** 2).mean())
    return {
        "silhouette_overlap": float(both.sum() / max(1, (inside_a | inside_b).sum())),
        "mean_colour_difference_255": 255
        * float(np.abs(a[inside_a].mean(axis=0) - b[inside_b].mean(axis=0)).max()),
        "psnr_db": -10 * float(np.log10(max(error, 1e-12))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("head", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--yaw", type=float, default=30.0)
    parser.add_argument("--chromium", default="chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        theirs = browser_picture(arguments.head, arguments.yaw, arguments.chromium, Path(work))
    camera = orbit_camera(arguments.yaw, size=(SIZE, SIZE))
    ours = PortableRenderer().render_rgba8(read_ply(arguments.head), camera)[..., :3]
    arguments.out.mkdir(parents=True, exist_ok=True)
    sheet = np.concatenate([theirs, ours], axis=1)
    Image.fromarray(sheet).save(arguments.out / "browser_and_ours.png")
    result = {
        "viewer": PACKAGES[0],
        "same": compare(theirs, ours),
        "upside_down": compare(theirs, np.ascontiguousarray(ours[::-1])),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
