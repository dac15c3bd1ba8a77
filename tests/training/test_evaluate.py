"""The command, from a folder of people to its table and pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from training.anchors.data import SKIN, HeadTargets
from training.anchors.target_splats import splats_of_targets
from training.data.sample import TrainingView
from training.data.shard_file import NamedView, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index
from training.evaluate import main
from training.evaluation.manifest import Manifest, hash_arrays, write_manifest
from training.evaluation.shard_subjects import ShardSubjects
from training.evaluation.view_selection import AVA256, NERSEMBLE
from training.synthetic.dataset import load_sample

SIZE, YAWS = 112, (-70.0, -35.0, 0.0, 35.0, 70.0)


def _targets() -> HeadTargets:
    anchors = HeadTemplate.load().anchors
    colours = np.clip((anchors - anchors.min(0)) * 500, 0, 255).astype(np.uint8)
    return HeadTargets(anchors.astype(np.float16), colours, np.full(len(anchors), SKIN, np.uint8))


@pytest.fixture(scope="module")
def views() -> list[TrainingView]:
    """The template's head from five sides."""
    renderer, head = PortableRenderer(1), splats_of_targets(_targets())
    made = []
    for yaw in YAWS:
        camera = orbit_camera(yaw, size=(SIZE, SIZE))
        frame = renderer.render(head, camera)
        rgb = np.clip(frame.colour / np.maximum(frame.alpha[..., None], 1e-3), 0, 1)
        made.append(TrainingView(rgb.astype(np.float32), frame.alpha, camera))
    renderer.close()
    return made


def _shards(root: Path, views: list[TrainingView], dataset: str, people: tuple[str, ...]) -> Path:
    entries = []
    for person in people:
        for capture in ("first", "second"):
            file = f"captures/{person}/{capture}.zip"
            named = [NamedView(f"cam{number}", view) for number, view in enumerate(views)]
            write_shard(root / file, person, capture, named)
            entries.append(ShardEntry(file, person, capture, tuple(n.name for n in named)))
    write_index(root, ShardIndex(dataset, True, SIZE, tuple(entries)))
    return root


def _held_out(root: Path, views: list[TrainingView], grey: bool) -> Path:
    """One head whose pictures are those of its anchors, or plain grey ones."""
    targets = _targets()
    rgb = np.stack([(view.rgb * 255 + 0.5).astype(np.uint8) for view in views])
    path = root / "head_1000000.npz"
    root.mkdir(exist_ok=True)
    np.savez_compressed(
        path,
        rgb=np.full_like(rgb, 128) if grey else rgb,
        alpha=np.stack([(view.alpha * 255 + 0.5).astype(np.uint8) for view in views]),
        label=np.zeros((len(views), SIZE, SIZE), np.uint8),
        K=np.stack([view.camera.intrinsics for view in views]),
        w2c=np.stack([view.camera.world_to_camera for view in views]),
        positions=targets.positions,
        colours=targets.colours,
        kind=targets.kind,
        attributes=json.dumps({"seed": 1000000, "male": 0.9, "skin_tone": [0.5, 0.4, 0.3]}),
    )
    hashes = {path.name: hash_arrays(load_sample(path))}
    write_manifest(root, Manifest(1, SIZE, len(views), "test", hashes))
    return root


def _run(out: Path, *words: str) -> int:
    few = ["--metrics", "psnr", "mask-iou", "--size", "48", "--threads", "1", "--device", "cpu"]
    return main([*words, "--out", str(out), *few])


def test_the_shipped_model_on_prepared_people(tmp_path, views):
    people = ("059", "370", "001")
    shards = _shards(tmp_path / "shards", views, "nersemble", people)
    out = tmp_path / "out"
    assert _run(out, "--data", f"shards:{shards}") == 0
    report = json.loads((out / "evaluation.json").read_text())
    # The held-out people of the paper, each at one moment; nobody who was trained on.
    assert report["protocol"]["identities"] == 2
    assert report["data"] == "NeRSemble"
    assert 5 < report["scores"]["novel"]["psnr"]["mean"] < 40
    assert report["scores"]["extreme"]["mask-iou"]["mean"] > 0.5
    assert report["anchors"] == {}
    page = (out / "evaluation.md").read_text(encoding="utf-8")
    assert "PercHead (paper), novel" in page
    with Image.open(out / "contact_sheet.jpg") as sheet:
        assert sheet.size[0] > 600


def test_ceiling_gate_passes_and_fails_by_its_exit_status(tmp_path, views):
    good = _held_out(tmp_path / "good", views, grey=False)
    assert _run(tmp_path / "a", "--data", f"held-out:{good}", "--ceiling") == 0
    bad = _held_out(tmp_path / "bad", views, grey=True)
    assert _run(tmp_path / "b", "--data", f"held-out:{bad}", "--ceiling") == 1
    report = json.loads((tmp_path / "b" / "evaluation.json").read_text())
    assert report["scores"]["novel"]["psnr"]["mean"] < 22
    assert "| no |" in (tmp_path / "b" / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("dataset", "person", "protocol"),
    [("ava256", "20220809--1034--BJM420", AVA256), ("nersemble", "059", NERSEMBLE)],
)
def test_data_sets_bring_the_papers_protocol(tmp_path, views, dataset, person, protocol):
    subjects = ShardSubjects(_shards(tmp_path, views, dataset, (person, "other")))
    assert subjects.protocol == protocol
    assert [subject.identity for subject in subjects] == [f"{dataset}/{person}"]
    assert len(next(iter(subjects)).views) == len(YAWS)


@pytest.mark.parametrize(
    "words",
    [
        ["--data", "heads"],
        ["--data", "shards:"],
        ["--data", "shards:/nowhere"],
        ["--data", "held-out:/nowhere"],
    ],
)
def test_what_the_user_can_mend_is_one_sentence_and_status_2(tmp_path, words, capsys):
    assert _run(tmp_path / "out", *words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_presets_without_weights_say_so(tmp_path, views, capsys):
    shards = _shards(tmp_path / "shards", views, "nersemble", ("059",))
    words = ["--data", f"shards:{shards}", "--preset", "trial"]
    assert _run(tmp_path / "out", *words) == 2
    assert "--checkpoint" in capsys.readouterr().err
