"""`perchead render` and `perchead doctor` as a user types them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.cli import main
from inference.engine import Engine
from inference.export.ply import read_ply, write_ply
from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from inference.rendering.camera_json import camera_to_dict
from inference.rendering.protocol import Renderer
from inference.rendering.selection import choose_renderer
from inference.rendering.sharpened import sharpened


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    out = rng.normal(size=(3000, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    gaussians = Gaussians(
        means=out * [0.08, 0.11, 0.1] + HEAD_CENTRE,
        quaternions=np.tile([1.0, 0, 0, 0], (3000, 1)),
        scales=np.full((3000, 3), 0.004),
        opacities=np.full(3000, 0.8),
        colours=(out + 1) / 2,
    )
    path = tmp_path_factory.mktemp("head") / "head.ply"
    write_ply(gaussians, path)
    return path


def as_shown() -> Renderer:
    """Draws as the application does, with its sharpener if one ships."""
    return sharpened(choose_renderer(), Engine().sharpener)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    ("words", "camera"),
    [
        ([], orbit_camera()),
        (["--camera", "-30,10", "--size", "64"], orbit_camera(-30, 10, size=(64, 64))),
        (
            ["--camera", "90,-5,1.5,30", "--size", "96x64"],
            orbit_camera(90, -5, distance=1.5, fov_degrees=30, size=(96, 64)),
        ),
    ],
)
def test_draws_what_the_application_shows(head, tmp_path, words, camera) -> None:
    out = tmp_path / "a.png"
    assert main(["render", str(head), "--out", str(out), *words]) == 0
    expected = as_shown().render_rgba8(read_ply(head), camera)[..., :3]
    np.testing.assert_array_equal(pixels(out), expected)


def test_camera_of_a_report(head: Path, tmp_path: Path) -> None:
    camera = orbit_camera(20, 5, size=(80, 60))
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"camera": camera_to_dict(camera)}))
    out = tmp_path / "a.png"
    assert main(["render", str(head), "--out", str(out), "--camera", str(report)]) == 0
    expected = as_shown().render_rgba8(read_ply(head), camera)[..., :3]
    np.testing.assert_array_equal(pixels(out), expected)
    words = ["--camera", str(report), "--size", "40"]
    assert main(["render", str(head), "--out", str(out), *words]) == 0
    assert pixels(out).shape == (30, 40, 3)


def test_backgrounds_and_views(head: Path, tmp_path: Path) -> None:
    corners = {"white": [255] * 3, "black": [0] * 3, "#102030": [16, 32, 48]}
    for background, colour in corners.items():
        out = tmp_path / "a.png"
        words = ["--size", "48", "--background", background]
        assert main(["render", str(head), "--out", str(out), *words]) == 0
        assert pixels(out)[0, 0].tolist() == colour
    pictures = []
    for view in ("splats", "points", "depth", "normals"):
        out = tmp_path / f"{view}.webp"
        words = ["--size", "48", "--background", "transparent", "--view", view]
        assert main(["render", str(head), "--out", str(out), *words]) == 0
        pictures.append(pixels(out).tobytes())
    assert len(set(pictures)) == 4


def test_video(head: Path, tmp_path: Path) -> None:
    import av

    out = tmp_path / "a.mp4"
    words = ["--degrees", "90", "--seconds", "0.5", "--fps", "10", "--size", "48", "--ping-pong"]
    assert main(["render", str(head), "--out", str(out), *words]) == 0
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 5
    assert main(["render", str(head), "--out", str(tmp_path / "a.webp"), *words]) == 0
    with Image.open(tmp_path / "a.webp") as image:
        assert image.n_frames >= 3


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "a.bmp"],
        ["--out", "a"],
        ["--out", "a.jpg", "--background", "transparent"],
        ["--out", "a.png", "--degrees", "90"],
        ["--out", "a.png", "--camera", "1"],
        ["--out", "a.png", "--camera", "1,2,3,4,5"],
        ["--out", "a.png", "--camera", "nan,0"],
        ["--out", "a.png", "--camera", "0,0,-1"],
        ["--out", "a.png", "--camera", "0,0,1,0"],
        ["--out", "a.png", "--camera", "nowhere.json"],
        ["--out", "a.png", "--size", "0"],
        ["--out", "a.png", "--size", "99999"],
        ["--out", "a.png", "--size", "10x"],
        ["--out", "a.png", "--background", "pink"],
        ["--out", "a.png", "--view", "x-ray"],
        ["--out", "a.mp4", "--size", "64x32"],
        ["--out", "a.mp4", "--seconds", "0"],
        ["--out", "a.mp4", "--fps", "many"],
        ["--out", "a.mp4", "--background", "transparent"],
    ],
)
def test_bad_use_is_one_sentence_and_exit_2(
    head: Path, tmp_path: Path, monkeypatch, capsys, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["render", str(head), *words]) == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("perchead: ")
    assert "\n" not in message
    assert not list(tmp_path.iterdir())


def test_damaged_rows_are_counted_and_damaged_files_refused(tmp_path: Path, head, capsys) -> None:
    data = bytearray(head.read_bytes())
    data[-68:] = np.full(17, np.nan, "<f4").tobytes()
    (tmp_path / "a.ply").write_bytes(data)
    words = ["--out", str(tmp_path / "a.png"), "--size", "32"]
    assert main(["render", str(tmp_path / "a.ply"), *words]) == 0
    assert "left out 1 damaged" in capsys.readouterr().err
    (tmp_path / "a.ply").write_bytes(data[:-1])
    assert main(["render", str(tmp_path / "a.ply"), *words]) == 2
    assert "shorter than its header says" in capsys.readouterr().err


def test_doctor_tells_what_runs_and_why_not_more(capsys) -> None:
    assert main(["doctor", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    complete = all(fact["value"] != "missing" for fact in facts["resources"].values())
    assert facts["presets"]["embedded"]["value"] == ("yes" if complete else "no")
    assert facts["drawing"]["renderer"]["value"] == choose_renderer().name
    assert facts["files"]["writes MP4"]["value"].startswith("PyAV")
    for section in facts.values():
        for fact in section.values():
            assert fact["value"]
            if fact["value"] in ("no", "none", "missing", "not installed"):
                assert fact["why"]
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for word in ("Python", "cores", "memory", "torch", "CUDA", "OpenGL", "display"):
        assert word in text


@pytest.mark.parametrize("preset", ["embedded", "light-s", "light", "paper"])
def test_doctor_prints_what_a_preset_costs(capsys, preset: str) -> None:
    assert main(["doctor", "--model", preset]) == 0
    assert "GFLOP" in capsys.readouterr().out
    assert main(["doctor", "--model", preset, "--json"]) == 0
    costs = json.loads(capsys.readouterr().out)
    assert sum(part["parameters"] for part in costs["parts"]) > 1e6


def test_doctor_with_an_unknown_preset(capsys) -> None:
    assert main(["doctor", "--model", "huge"]) == 2
    assert "embedded" in capsys.readouterr().err
