"""How much flicker does the smoothing take out of head videos, and how late does it make them?

    python -m benchmarks.video [PORTRAIT] [--frames N] [--out video.json] [--sheet FILE]

Clips of a still and of a moving person are made from one portrait (benchmarks/video_clips.py),
written as H.264, read back, followed and made into heads, as `perchead video` does it.

Flicker: mean absolute change between pictures (0..255, over the head) of the still person at
fixed cameras that see what the photograph does not: 120, 180 and 240 degrees around.
Lag: by how many frames the smoothed heads of the moving person come after those that the network
makes of the same movement before a perfect camera.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.video_clips import (
    CLEAN,
    MOVING,
    STILL,
    Camera,
    Movement,
    frame_at,
    lag_in_frames,
)
from inference.engine import Engine
from inference.export.encoding import encode_video
from inference.files import resource_path
from inference.head.gaussians import Gaussians
from inference.progress import CancelToken, no_progress
from inference.rendering.camera import orbit_camera
from inference.rendering.selection import choose_renderer
from inference.video.clip import ClipReader
from inference.video.crop_path import make_crop_path
from inference.video.frame_heads import frame_heads
from inference.video.head_stream import START, HeadStream
from inference.video.settings import Smoothing
from inference.video.temporal_filter import TemporalFilter
from inference.video.track import follow_face

FPS = 25
EDGE = 640  # of the clips, pixels
SEEN_YAWS = (0.0, 35.0)
UNSEEN_YAWS = (120.0, 180.0, 240.0)
SIZE = 256
SETTLED = 6  # pictures until the filter has forgotten its start


def write_clip(
    path: Path,
    engine: Engine,
    portrait: Path,
    movement: Movement,
    camera: Camera,
    frames: int,
) -> None:
    """A clip of the portrait's person."""
    rgb = engine.open_image(portrait).rgb
    scale = EDGE / max(rgb.shape[:2])
    rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    rgb = np.asarray(rgb[: len(rgb) // 2 * 2, : rgb.shape[1] // 2 * 2], np.float32).clip(0, 1)
    image = engine.open_image(portrait)
    crop = engine.suggest_crop(image, engine.detect(image)[0])
    place = (crop.centre_x * scale, crop.centre_y * scale, crop.side * scale)
    rng = np.random.default_rng(0)

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for index in range(frames):
            seen = frame_at(rgb, place, movement, camera, index / FPS, rng)
            yield (seen * 255 + 0.5).astype(np.uint8)

    encode_video(path, pictures(), rgb.shape[1], rgb.shape[0], FPS)


def heads_of(clip: Path, engine: Engine) -> Iterator[Gaussians]:
    """The network's heads of a clip's frames, unfiltered."""
    cancel = CancelToken()
    with ClipReader(clip) as reader:
        rows = clip.with_suffix(".track")
        track = follow_face(reader, engine, 1, rows, no_progress, cancel)
    path = make_crop_path(track, FPS)
    heads = frame_heads(engine, fit=False)
    with ClipReader(clip) as reader:
        off = TemporalFilter(Smoothing.OFF)
        stream = HeadStream(reader, engine, heads, path, off, START, cancel)
        yield from stream.pictures(np.flatnonzero(path.usable).tolist())


def signal_of(head: Gaussians) -> NDArray[np.float32]:
    """Places in metres and colours of the patches, as one vector."""
    places = head.means.reshape(-1, 16, 3).mean(1)
    colours = head.colours.reshape(-1, 16, 3).mean(1)
    return np.concatenate([places.ravel(), 0.03 * colours.ravel()])  # of like size


def measure_still(clip: Path, engine: Engine, sheet: Path | None) -> dict[str, Any]:
    """Flicker of each strength."""
    renderer = choose_renderer()
    cameras = {yaw: orbit_camera(yaw, size=(SIZE, SIZE)) for yaw in SEEN_YAWS + UNSEEN_YAWS}
    filters = {strength: TemporalFilter(strength) for strength in Smoothing}
    before: dict[tuple[Smoothing, float], NDArray[np.float32]] = {}
    changes: dict[tuple[Smoothing, float], list[float]] = {}
    strips = []
    for index, raw in enumerate(heads_of(clip, engine)):
        for strength, temporal in filters.items():
            head = temporal.step(raw, 1 / FPS)
            for yaw, camera in cameras.items():
                key = strength, yaw
                seen = renderer.render_rgba8(head, camera)[..., :3].astype(np.float32)
                if index > SETTLED:
                    body = (np.minimum(seen, before[key]) < 250).any(2)
                    change = np.abs(seen - before[key]).mean(2)
                    changes.setdefault(key, []).append(float(change[body].mean()))
                    if yaw == 180 and index in (SETTLED + 1, SETTLED + 2, SETTLED + 3):
                        strips.append(np.hstack([seen, np.repeat(8 * change[..., None], 3, 2)]))
                before[key] = seen
    if sheet is not None:
        rows = [np.hstack(strips[i :: len(filters)]) for i in range(len(filters))]
        picture = np.vstack(rows).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(sheet), picture[..., ::-1])
    return {
        str(strength): {
            place: float(np.mean([np.mean(changes[strength, yaw]) for yaw in yaws]))
            for place, yaws in (("seen", SEEN_YAWS), ("unseen", UNSEEN_YAWS))
        }
        for strength in Smoothing
    }


def measure_moving(clip: Path, clean: Path, engine: Engine) -> dict[str, float]:
    """Lag of each strength, in frames."""
    wanted = np.array([signal_of(head) for head in heads_of(clean, engine)])
    filters = {strength: TemporalFilter(strength) for strength in Smoothing}
    got: dict[Smoothing, list[NDArray[np.float32]]] = {strength: [] for strength in Smoothing}
    for raw in heads_of(clip, engine):
        for strength, temporal in filters.items():
            got[strength].append(signal_of(temporal.step(raw, 1 / FPS)))
    return {
        str(strength): round(lag_in_frames(wanted, np.array(signals)), 2)
        for strength, signals in got.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sample = resource_path("samples/astronaut.png")
    parser.add_argument("portrait", type=Path, nargs="?", default=sample)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path, help="PNG: back of the head and 8 x its change")
    arguments = parser.parse_args()
    engine = Engine()
    engine.load_models()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        clips = {}
        for name, movement, camera in (
            ("still", STILL, Camera()),
            ("moving", MOVING, Camera()),
            ("clean", MOVING, CLEAN),
        ):
            clips[name] = Path(folder) / f"{name}.mp4"
            write_clip(clips[name], engine, arguments.portrait, movement, camera, arguments.frames)
        flicker = measure_still(clips["still"], engine, arguments.sheet)
        lag = measure_moving(clips["moving"], clips["clean"], engine)
    off = flicker["off"]["unseen"]
    result = {
        "portrait": arguments.portrait.name,
        "frames": arguments.frames,
        "flicker": flicker,
        "unseen_flicker_left": {
            name: round(places["unseen"] / off, 3) for name, places in flicker.items()
        },
        "lag_frames": lag,
        "seconds": round(time.perf_counter() - began, 1),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
