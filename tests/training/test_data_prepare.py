"""`prepare`, with real networks on a real face: what comes out, what is left out, going on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from tests.training import data_layouts as layouts
from training.data import ffhq, neutral
from training.data.prepare import main, prepare
from training.data.sample import TrainingView
from training.data.shards import ShardDataset


def run(dataset: str, source: Path, out: Path, *options: str) -> int:
    arguments = ["--dataset", dataset, "--source", str(source), "--out", str(out)]
    return main([*arguments, "--size", "128", *options])


def broken(out: Path) -> list[dict]:
    return json.loads((out / "broken.json").read_text())


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def assert_aligned(dataset: ShardDataset, yaws: dict[str, float]) -> None:
    """The board's views came into the template's world: the face looks along +z."""
    for entry in dataset.entries:
        views = dataset.views(entry)
        assert set(views) == set(yaws)
        for name, view in views.items():
            middle, _ = view.camera.project(np.array([HEAD_CENTRE]))
            np.testing.assert_allclose(middle, [[64, 64]], atol=1e-3)
            x, y, z = view.camera.position - HEAD_CENTRE
            # A printed face is flat, so the template fits it with a tilt, but all views alike.
            assert abs(np.degrees(np.arctan2(x, z)) - yaws[name]) < 12
            assert abs(np.degrees(np.arctan2(y, np.hypot(x, z)))) < 20
            middle_of_crop = view.rgb[32:96, 32:96]
            assert np.abs(middle_of_crop - np.array(layouts.GREY) / 255).max() > 0.2


def test_cafca_drops_backs_of_heads_and_lists_what_is_broken(tmp_path: Path) -> None:
    source, out = tmp_path / "cafca", tmp_path / "out"
    scenes = ("00000/00003_001", "00001/00000_000")
    # The board from its edge shows no face, but a head from there would show its profile.
    layouts.cafca(source, (-22.0, 0.0, 22.0, 180.0, 5.0, 75.0), scenes)
    damaged = source / scenes[0] / "color_image" / "C04.png"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    (source / scenes[1] / "cameras_json" / "C01.json").write_text("{")
    assert run("cafca", source, out) == 0
    dataset = ShardDataset(out)
    assert (dataset.name, dataset.real, dataset.size, len(dataset)) == ("cafca", False, 128, 4)
    assert_aligned(dataset, {"C00": -22.0, "C01": 0.0, "C02": 22.0, "C05": 75.0})
    view = dataset.views(dataset.entries[0])["C01"]
    assert view.alpha[64, 64] == 1  # the data set's own mask
    assert view.alpha[0].max() == 0
    reasons = {(item["capture"], item["view"]): item["reason"] for item in broken(out)}
    assert set(reasons) == {
        ("00000+00003_001", "C03"), ("00000+00003_001", "C04"), ("00001+00000_000", None),
    }  # fmt: skip
    assert "back of the head" in reasons["00000+00003_001", "C03"]
    assert "C04.png" in reasons["00000+00003_001", "C04"]
    assert "C01.json" in reasons["00001+00000_000", None]


def test_nersemble_videos_become_shards_and_test_people_stay_apart(tmp_path: Path) -> None:
    layouts.nersemble(tmp_path / "in", ("058", "059"))
    assert run("nersemble", tmp_path / "in", tmp_path / "out") == 0
    train, test = (ShardDataset(tmp_path / "out", split) for split in ("train", "test"))
    assert {entry.person for entry in train.entries} == {"058"}
    assert {entry.person for entry in test.entries} == {"059"}
    assert_aligned(
        train, dict(zip([f"2222000{n:02d}" for n in range(3)], (-22, 0, 22), strict=True))
    )
    sample = test.sample(0, np.random.default_rng(0))
    assert len(sample.targets) == 2
    assert 0.05 < sample.input.alpha.mean() < 0.95  # cut out by the network


def test_ava256_zips_become_shards(tmp_path: Path) -> None:
    layouts.ava256(tmp_path / "in", yaws=(-22.0, 22.0))
    assert run("ava256", tmp_path / "in", tmp_path / "out") == 0
    dataset = ShardDataset(tmp_path / "out", "test")
    assert_aligned(dataset, {"400900": -22.0, "400901": 22.0})
    assert broken(tmp_path / "out") == []


def test_ffhq_takes_the_first_usable_ones_and_each_is_its_own_target(tmp_path: Path) -> None:
    layouts.ffhq(tmp_path / "in", (0, 1, 2))
    order = [capture.key for capture in ffhq.open_source(tmp_path / "in").captures]
    pictures = tmp_path / "in" / "images1024x1024" / "00000"
    layouts.write_png(pictures / f"{order[0]}.png", np.full((256, 256, 3), 90, np.uint8))
    assert run("ffhq", tmp_path / "in", tmp_path / "out", "--limit", "1") == 0
    dataset = ShardDataset(tmp_path / "out")
    assert {entry.capture for entry in dataset.entries} == {order[1]}
    sample = dataset.sample(0, np.random.default_rng(0))
    (target,) = sample.targets  # the input itself, without what lies beyond the picture
    assert 64 < target.camera.width < 128
    points = np.array([[0.0, 0.03, 0.05], [0.03, -0.03, 0.07]])
    for point, moved in zip(
        sample.input.camera.project(points)[0], target.camera.project(points)[0], strict=True
    ):
        here = sample.input.rgb[int(point[1]), int(point[0])]
        np.testing.assert_array_equal(target.rgb[int(moved[1]), int(moved[0])], here)
    assert not (target.rgb[:4, :4] == np.float32(128 / 255)).all()  # no grey of the margin
    assert broken(tmp_path / "out")[0]["reason"] == "No face was found."
    x, _, z = sample.input.camera.position
    assert abs(np.degrees(np.arctan2(x, z))) < 25


def test_vfhq_clips_become_shards(tmp_path: Path) -> None:
    clip = tmp_path / "in" / "Clip+abc+P1+C0+F0-2"
    layouts.write_png(clip / "00000000.png", layouts.astronaut())
    layouts.encode_video(
        clip.with_name("Clip+def+P0+C0+F0-2.mp4"), iter([layouts.astronaut()] * 3), 256, 256, 24
    )
    assert run("vfhq", tmp_path / "in", tmp_path / "out") == 0
    assert {e.person for e in ShardDataset(tmp_path / "out").entries} == {"abc+P1", "def+P0"}


def head(yaw: float, size: int = 96) -> TrainingView:
    camera = orbit_camera(yaw, size=(size, size))
    alpha = np.zeros((size, size), np.float32)
    cv2.circle(alpha, (size // 2, size // 2), size // 3, 1.0, -1)
    label = (alpha > 0).astype(np.uint8) * 2
    rgb = layouts.sees(camera).astype(np.float32) / 255
    return TrainingView(rgb, alpha, camera, label)


def write_heads(root: Path, count: int) -> None:
    for number in range(count):
        views = [head(yaw + number) for yaw in (-150.0, 0.0, 80.0)]
        neutral.write_head(root / f"{number:06d}", views)


def test_heads_in_the_templates_world_need_no_face(tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 1)
    options = ("--name", "synthetic", "--size", "96")
    assert run("neutral", tmp_path / "in", tmp_path / "out", *options) == 0
    dataset = ShardDataset(tmp_path / "out")
    assert (dataset.name, dataset.real) == ("synthetic", False)
    views = dataset.views(dataset.entries[0])
    for view, yaw in zip(views.values(), (-150.0, 0.0, 80.0), strict=True):
        wanted = head(yaw)
        np.testing.assert_allclose(view.camera.world_to_camera, wanted.camera.world_to_camera)
        np.testing.assert_allclose(view.camera.intrinsics, wanted.camera.intrinsics, rtol=1e-9)
        assert np.abs(view.rgb - wanted.rgb).mean() < 0.01  # the background is kept too
        assert np.abs(view.alpha - wanted.alpha).mean() < 0.01
        np.testing.assert_array_equal(view.label, wanted.label)


def test_a_killed_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 8)
    (tmp_path / "in" / "000004" / "images" / "001.png").unlink()
    out = tmp_path / "out"
    command = [sys.executable, "-m", "training.data.prepare", "--dataset", "neutral", "--source",
               str(tmp_path / "in"), "--out", str(out), "--size", "256"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(list(out.rglob("*.zip"))) < 2:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    done = {path: path.stat().st_mtime_ns for path in out.rglob("*.zip") if path.name[0] != "."}
    assert not (out / "shards.json").exists()
    source = neutral.open_source(tmp_path / "in")
    prepare(source, out, 256)
    assert {path: path.stat().st_mtime_ns for path in done} == done  # none was made twice
    prepare(source, tmp_path / "at_once", 256)
    finished = {k: v for k, v in contents(out).items() if ".partial" not in k}
    assert finished == contents(tmp_path / "at_once")
    assert [item["view"] for item in broken(out)] == ["images/001.png"]


def test_worker_processes_change_nothing(tmp_path: Path) -> None:
    write_heads(tmp_path / "in", 3)
    source = neutral.open_source(tmp_path / "in")
    prepare(source, tmp_path / "here", 96)
    prepare(source, tmp_path / "there", 96, workers=1)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_other_settings_need_another_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_heads(tmp_path / "in", 1)
    assert run("neutral", tmp_path / "in", tmp_path / "out") == 0
    assert run("neutral", tmp_path / "in", tmp_path / "out", "--size", "96") == 2
    assert "other settings" in capsys.readouterr().err


def test_nothing_usable_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layouts.write_json(tmp_path / "in" / "cameras.json", {"frames": []})
    assert run("neutral", tmp_path / "in", tmp_path / "out") == 2
    assert "broken.json" in capsys.readouterr().err
    assert run("neutral", tmp_path / "nowhere", tmp_path / "out") == 2
