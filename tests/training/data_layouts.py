"""Tiny folders in the layouts of the published data sets, with a real face in them."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.export.encoding import encode_video
from inference.files import resource_path
from inference.rendering.camera import Camera, orbit_camera
from training.data.alignment import Similarity

GREY = (120, 130, 140)
WORLD = Similarity(
    1000.0,
    np.asarray(cv2.Rodrigues(np.array([0.4, -1.1, 0.7]))[0], np.float64),
    np.array([120.0, -400.0, 2500.0]),
)
"""From the template's world to that of a made-up data set, in millimetres."""

FACE = (224, 123)  # about the middle of the astronaut's head, pixels
FACE_SIDE = 256  # edge of a square around her head, pixels


@cache
def astronaut() -> NDArray[np.uint8]:
    """A square around a real face, [256, 256, 3]."""
    with Image.open(resource_path("samples/astronaut.png")) as image:
        left, top = FACE[0] - FACE_SIDE // 2, max(0, FACE[1] - FACE_SIDE // 2)
        box = (left, top, left + FACE_SIDE, top + FACE_SIDE)
        return np.array(image.convert("RGB").crop(box), np.uint8)


def sees(camera: Camera) -> NDArray[np.uint8]:
    """The face printed on a board that stands in the head's place and faces +z, [H, W, 3]."""
    half = 0.205
    corners = np.array([[-half, half], [half, half], [half, -half], [-half, -half]])
    places = np.column_stack([corners + np.array([0, 0.012]), np.full(4, 0.03)])
    pixels, _ = camera.project(places)
    texture = np.array([[0, 0], [FACE_SIDE, 0], [FACE_SIDE, FACE_SIDE], [0, FACE_SIDE]])
    warp = cv2.getPerspectiveTransform(texture.astype(np.float32), pixels.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(
            astronaut(), warp, (camera.width, camera.height), flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_CONSTANT, borderValue=GREY,
        )
    )  # fmt: skip


def back_of_head(camera: Camera) -> NDArray[np.uint8]:
    """Hair and nothing else."""
    picture = np.full((camera.height, camera.width, 3), GREY, np.uint8)
    middle = (camera.width // 2, camera.height // 2)
    cv2.circle(picture, middle, camera.height // 4, (90, 60, 40), -1)
    return picture


def cameras(
    yaws: tuple[float, ...], size: tuple[int, int], distance: float | None = None
) -> list[Camera]:
    """Cameras around the head in the template's world."""
    return [orbit_camera(yaw, size=size, distance=distance) for yaw in yaws]


def foreign(camera: Camera) -> Camera:
    """The camera in the made-up data set's world."""
    return WORLD.move(camera)


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def cafca(
    root: Path,
    yaws: tuple[float, ...] = (-22.0, 0.0, 22.0, 180.0),
    scenes: tuple[str, ...] = ("00000/00003_001",),
    draw: Callable[[Camera], NDArray[np.uint8]] = sees,
) -> list[Camera]:
    """A Cafca folder; returns the cameras in the template's world."""
    truth = cameras(yaws, (512, 512))
    for scene in scenes:
        for number, camera in enumerate(truth):
            name, moved = f"C{number:02d}", foreign(camera)
            pose = moved.world_to_camera
            content = {"K": moved.intrinsics.tolist(), "world2cam": pose.tolist()}
            content["cam2world"] = np.linalg.inv(pose).tolist()
            write_json(root / scene / "cameras_json" / f"{name}.json", content)
            behind = abs(yaws[number]) > 90
            picture = back_of_head(camera) if behind else draw(camera)
            write_png(root / scene / "color_image" / f"{name}.png", picture)
            mask = np.zeros((512, 512), np.uint8)
            cv2.ellipse(mask, (256, 256), (120, 180), 0, 0, 360, 255, -1)
            write_png(root / scene / "foreground_mask" / f"{name}.png", mask)
    return truth


def nersemble(
    root: Path,
    people: tuple[str, ...] = ("058",),
    yaws: tuple[float, ...] = (-22.0, 0.0, 22.0),
    frames: int = 5,
) -> list[Camera]:
    """A NeRSemble folder with small videos; frame i is brighter by 4 i."""
    width, height = 220, 320
    truth = cameras(yaws, (width, height), 1.3)
    full = [camera.resized(2200, 3208) for camera in truth]
    for person in people:
        shared = full[0].intrinsics.copy()
        shared[:2, 2] -= 0.5  # OpenCV's pixel centres
        poses = {
            f"2222000{number:02d}": foreign(camera).world_to_camera.tolist()
            for number, camera in enumerate(full)
        }
        calibration = root / person / "calibration"
        write_json(
            calibration / "camera_params.json",
            {"world_2_cam": poses, "intrinsics": shared.tolist()},
        )
        swapped = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
        plain = np.eye(3).tolist()
        write_json(
            calibration / "color_calibration.json",
            {serial: swapped if serial.endswith("02") else plain for serial in poses},
        )
        for sequence in ("BACKGROUND", "EXP-1-head"):
            folder = root / person / "sequences" / sequence / "images"
            folder.mkdir(parents=True)
            for serial, camera in zip(poses, truth, strict=True):
                drawn = sees(camera)
                if serial.endswith("02"):
                    drawn = drawn[..., ::-1]
                brighter = (np.clip(drawn.astype(int) + 4 * i, 0, 255) for i in range(frames))
                pictures = (np.ascontiguousarray(b.astype(np.uint8)) for b in brighter)
                encode_video(folder / f"cam_{serial}.mp4", pictures, width, height, 24)
    return truth


def ava256(
    root: Path,
    name: str = "20220809--1034--BJM420",
    yaws: tuple[float, ...] = (-22.0, 0.0, 22.0, 180.0),
    frames: tuple[int, ...] = (12, 40, 77),
) -> list[Camera]:
    """An Ava-256 folder; pictures are a sixteenth of the calibrated size."""
    width, height = 2668 // 8, 4096 // 8
    truth = cameras(yaws, (width, height), 1.4)
    entries = []
    for number, camera in enumerate(truth):
        serial = f"4009{number:02d}"
        moved = foreign(camera.resized(2668, 4096))
        intrinsics = moved.intrinsics.copy()
        intrinsics[:2, 2] -= 0.5
        transposed = {"K": intrinsics.T.tolist(), "T": moved.world_to_camera.T.tolist()}
        entries.append({"cameraId": serial, "distortion": [0] * 5, **transposed})
        stream = io.BytesIO()
        picture = back_of_head(camera) if abs(yaws[number]) > 90 else sees(camera)
        Image.fromarray(picture).save(stream, "AVIF", quality=90)
        path = root / name / "decoder" / "image" / f"cam{serial}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for frame in frames:
                archive.writestr(f"cam{serial}/{frame:06d}.avif", stream.getvalue())
    write_json(root / name / "decoder" / "camera_calibration.json", {"KRT": entries})
    return truth


def ffhq(root: Path, numbers: tuple[int, ...] = (0, 1, 2)) -> None:
    """An FFHQ folder, all of the same face."""
    for number in numbers:
        folder = f"{number // 1000 * 1000:05d}"
        write_png(root / "images1024x1024" / folder / f"{number:05d}.png", astronaut())
