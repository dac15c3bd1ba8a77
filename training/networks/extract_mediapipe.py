"""Take MediaPipe's small portrait networks and their licence out of its pinned wheel.

    python -m training.networks.extract_mediapipe --wheels DIR [--resources resources]

The package itself is neither installed nor imported: OpenCV runs the networks.
"""

from pathlib import Path

from training.networks.wheels import MEDIAPIPE, obtain, read_member
from training.runs.command_line import command_parser

MODULES = "mediapipe/modules"
FILES = {
    f"{MODULES}/face_detection/face_detection_short_range.tflite": (
        "networks/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    f"{MODULES}/face_landmark/face_landmark.tflite": (
        "networks/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    f"{MODULES}/selfie_segmentation/selfie_segmentation.tflite": (
        "networks/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    "mediapipe-0.10.21.dist-info/LICENSE": (
        "licences/mediapipe.txt",
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
}
"""From the file in the wheel to where it goes below resources/, and its SHA-256."""


def extract(wheel: Path, resources: Path) -> list[Path]:
    """Write the files and return where they are.

    Raises:
        ValueError: a file's hash is another than the pinned one.
    """
    written = []
    for member, (target, sha256) in FILES.items():
        path = resources / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read_member(wheel, member, sha256))
        written.append(path)
    return written


def main() -> None:
    """Extract and say what was written."""
    parser = command_parser("training.networks.extract_mediapipe", __doc__)
    parser.add_argument("--wheels", type=Path, required=True, help="where the wheel is or goes")
    parser.add_argument("--resources", type=Path, default=Path("resources"), help="to write to")
    options = parser.parse_args()
    for path in extract(obtain(MEDIAPIPE, options.wheels), options.resources):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
