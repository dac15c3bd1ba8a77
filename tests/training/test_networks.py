"""The shipped networks are those of the pinned wheels."""

import hashlib
import zipfile

import pytest

from inference.files import resource_path
from training.networks import extract_minilm
from training.networks.extract_mediapipe import FILES, extract
from training.networks.wheels import PinnedWheel, obtain

PINNED = [
    *FILES.values(),
    *((target, sha256) for target, (_, _, sha256) in extract_minilm.FILES.items()),
]


@pytest.mark.parametrize(("target", "sha256"), PINNED)
def test_the_shipped_file_is_the_pinned_one(target, sha256):
    assert hashlib.sha256(resource_path(target).read_bytes()).hexdigest() == sha256


def test_another_wheel_is_refused(tmp_path):
    (tmp_path / "x-1-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(ValueError, match="expected"):
        obtain(PinnedWheel("x==1", "x-1-py3-none-any.whl", "0" * 64), tmp_path)


def test_another_network_in_the_wheel_is_refused(tmp_path):
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for member in FILES:
            archive.writestr(member, b"something else")
    with pytest.raises(ValueError, match="expected"):
        extract(wheel, tmp_path / "resources")
    assert not list((tmp_path / "resources").rglob("*.tflite"))


def test_another_sentence_network_is_refused(tmp_path):
    for wheel, _, _ in extract_minilm.FILES.values():
        (tmp_path / wheel.filename).write_bytes(b"something else")
    with pytest.raises(ValueError, match="expected"):
        extract_minilm.extract(tmp_path, tmp_path / "resources")
    assert not (tmp_path / "resources").exists()
