"""Does the head look like the person in the portrait?

    python -m benchmarks.likeness PORTRAIT... [--out likeness.json] [--sheets FOLDER] [--no-fit]

Per portrait: PSNR over the foreground at the photograph's camera; dlib identity distance
between photograph and head at that camera and turned by 30 degrees to either side; whether
PercHead's own detector finds a face at 45 degrees; seconds. With --sheets, a picture of the
photograph and seven views from -90 to 90 degrees, to be looked at.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engine import Engine
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.fitting.fit import foreground_psnr
from inference.fitting.shape.camera import camera_yaw
from inference.fitting.solvers.blending import blend
from inference.portrait.types import LoadedImage
from inference.rendering.camera import HEAD_CENTRE, Camera, orbit_camera
from training.evaluation.dlib_distance import DlibDistance, distance
from training.evaluation.metric import MetricUnavailableError

VIEW_YAWS = (-90, -60, -30, 0, 30, 60, 90)
IDENTITY_SIZE = 640
DETECTION_SIZE = 800  # the whole photograph's face may be small
SHEET_SIZE = 384


def turned(camera: Camera, degrees: float, size: int) -> Camera:
    """A camera that looks from the height of another one, turned around the head."""
    rise = camera.position - np.array(HEAD_CENTRE)
    elevation = float(np.degrees(np.arcsin(rise[1] / np.linalg.norm(rise))))
    return orbit_camera(camera_yaw(camera) + degrees, elevation, size=(size, size))


def picture(head: Reconstruction, camera: Camera) -> NDArray[np.float32]:
    """The head over white, [H, W, 3]."""
    blending = blend(head.gaussians, camera)
    over_white = blending.picture(head.gaussians.colours) + (1 - blending.alpha)[..., None]
    return np.clip(over_white, 0, 1).astype(np.float32)


def measure(engine: Engine, head: Reconstruction, meter: DlibDistance) -> dict[str, Any]:
    """All figures of one head."""
    portrait, size = head.portrait, IDENTITY_SIZE
    blending = blend(head.gaussians, head.camera)
    person = meter.describe(portrait.image)

    def identity(camera: Camera) -> float | None:
        return distance(person, meter.describe(picture(head, camera)))

    def face_at(degrees: float) -> bool:
        view = picture(head, orbit_camera(degrees, size=(size, size)))
        return bool(engine.detect(LoadedImage(view, None, "view")))

    return {
        "psnr_foreground_db": foreground_psnr(blending, head.gaussians.colours, portrait),
        "identity_photograph_camera": identity(head.camera.resized(size, size)),
        "identity_left_30": identity(turned(head.camera, -30, size)),
        "identity_right_30": identity(turned(head.camera, 30, size)),
        "face_found_left_45": face_at(-45),
        "face_found_right_45": face_at(45),
        "camera_yaw_degrees": camera_yaw(head.camera),
        "seconds": head.seconds,
    }


def sheet(head: Reconstruction) -> NDArray[np.uint8]:
    """Photograph, head at its camera, then seven views, [H, W, 3] RGB."""
    photograph = cv2.resize(head.portrait.image, (SHEET_SIZE, SHEET_SIZE))
    views = [photograph, picture(head, head.camera.resized(SHEET_SIZE, SHEET_SIZE))]
    views += [picture(head, orbit_camera(yaw, size=(SHEET_SIZE, SHEET_SIZE))) for yaw in VIEW_YAWS]
    views.append(picture(head, orbit_camera(180, size=(SHEET_SIZE, SHEET_SIZE))))
    rows = [np.concatenate(views[:5], 1), np.concatenate(views[5:], 1)]
    return (np.clip(np.concatenate(rows, 0), 0, 1) * 255 + 0.5).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("portraits", nargs="+", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--no-fit", action="store_true")
    arguments = parser.parse_args()
    try:
        meter = DlibDistance(DETECTION_SIZE)
    except MetricUnavailableError as error:
        raise SystemExit(f"Install the extra 'eval' to measure likeness: {error}.") from error
    engine = Engine()
    engine.load_models()
    results: dict[str, Any] = {}
    for path in arguments.portraits:
        image = engine.open_image(path)
        faces = engine.detect(image)
        crop = engine.suggest_crop(image, faces[0] if faces else None)
        portrait = engine.prepare(image, crop)
        start = time.perf_counter()
        head = engine.reconstruct(portrait, ReconstructionOptions(fit=not arguments.no_fit))
        results[path.name] = {
            **measure(engine, head, meter),
            "reconstruct_seconds": round(time.perf_counter() - start, 3),
        }
        if arguments.sheets:
            arguments.sheets.mkdir(parents=True, exist_ok=True)
            target = arguments.sheets / f"{path.stem}.jpg"
            cv2.imwrite(str(target), sheet(head)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    text = json.dumps(results, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
