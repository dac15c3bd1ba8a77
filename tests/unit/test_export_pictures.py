"""What a user relies on when a picture, a sheet of views or a video is exported."""

import threading
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.errors import UsageError
from inference.export import picture as picture_module
from inference.export.picture import draw_bands, write_picture
from inference.export.png import PngWriter
from inference.export.video import OrbitVideo, write_orbit_video
from inference.export.views import views_sheet, write_views
from inference.head.gaussians import Gaussians
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.protocol import WHITE


@pytest.fixture(scope="module")
def renderer() -> PortableRenderer:
    return PortableRenderer(2)


@pytest.fixture(scope="module")
def head() -> Gaussians:
    """An egg of flat splats: red on its left half, blue on its right, a green top."""
    rng = np.random.default_rng(1)
    out = rng.normal(size=(4000, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    quaternions = rng.normal(size=(4000, 4))
    colours = np.where(out[:, :1] > 0, [[0.9, 0.1, 0.1]], [[0.1, 0.1, 0.9]])
    colours[out[:, 1] > 0.6] = [0.1, 0.8, 0.1]
    return Gaussians(
        means=out * [0.08, 0.11, 0.1] + HEAD_CENTRE,
        quaternions=quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        scales=np.full((4000, 3), 0.004),
        opacities=rng.uniform(0.3, 1, 4000),
        colours=colours,
    )


def over_white(straight: np.ndarray) -> np.ndarray:
    rgba = straight.astype(np.float64) / 255
    return rgba[..., :3] * rgba[..., 3:] + 1 - rgba[..., 3:]


class TestPicture:
    def test_png_holds_the_pixels_of_the_screen(self, renderer, head, tmp_path: Path) -> None:
        camera = orbit_camera(30, 10, size=(130, 97))
        write_picture(renderer, head, camera, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as image:
            assert image.mode == "RGB"
            got = np.asarray(image)
        np.testing.assert_array_equal(got, renderer.render_rgba8(head, camera, WHITE)[..., :3])

    @pytest.mark.parametrize("suffix", [".png", ".webp"])
    def test_transparent_laid_over_white_is_the_white_one(
        self, renderer, head, tmp_path: Path, suffix: str
    ) -> None:
        camera = orbit_camera(size=(128, 128))
        write_picture(renderer, head, camera, tmp_path / f"a{suffix}", None)
        with Image.open(tmp_path / f"a{suffix}") as image:
            assert image.mode == "RGBA"
            got = np.asarray(image)
        assert got[0, 0, 3] == 0
        assert got[64, 64, 3] > 240
        expected = renderer.render_rgba8(head, camera, WHITE)[..., :3] / 255
        error = np.abs(over_white(got) - expected)
        assert error.max() < (1.5 / 255 if suffix == ".png" else 0.2)
        assert error.mean() < 0.01

    def test_colours_at_a_soft_border_are_not_darkened(
        self, renderer, head, tmp_path: Path
    ) -> None:
        write_picture(renderer, head, orbit_camera(size=(128, 128)), tmp_path / "a.png", None)
        with Image.open(tmp_path / "a.png") as image:
            rgba = np.asarray(image).astype(int)
        soft = (rgba[..., 3] > 8) & (rgba[..., 3] < 100)
        assert soft.sum() > 50
        assert rgba[soft][:, :3].max(axis=1).mean() > 180  # the egg's colours are bright

    def test_large_pictures_drawn_in_parts_have_no_seams(
        self, renderer, head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera = orbit_camera(20, size=(300, 260))
        whole = renderer.render_rgba8(head, camera, WHITE)[..., :3].astype(int)
        monkeypatch.setattr(picture_module, "TILE", 96)
        bands = [rows for _, rows in draw_bands(renderer, head, camera, WHITE)]
        assert [len(rows) for rows in bands] == [96, 96, 68]
        assert np.abs(np.concatenate(bands) - whole).max() <= 2
        write_picture(renderer, head, camera, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as image:
            np.testing.assert_array_equal(np.asarray(image), np.concatenate(bands))

    @pytest.mark.parametrize("name", ["a.png", "a.webp"])
    def test_heads_beside_each_other_are_those_of_pictures_of_their_own(
        self, renderer, head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(picture_module, "TILE", 64)
        camera = orbit_camera(20, size=(100, 90))
        other = replace(head, colours=head.colours[:, ::-1].copy())
        said: list[float] = []
        write_picture(
            renderer,
            head,
            camera,
            tmp_path / name,
            progress=lambda _, fraction: said.append(fraction),
            beside=[other],
        )
        with Image.open(tmp_path / name) as image:
            got = np.asarray(image.convert("RGB")).astype(int)
        bands = [draw_bands(renderer, each, camera, WHITE) for each in (head, other)]
        first, second = (np.concatenate([rows for _, rows in each]) for each in bands)
        gap = np.full((90, 2, 3), 255)  # background
        assert got.shape == (90, 202, 3)
        error = np.abs(got - np.concatenate([first, gap, second], axis=1))
        assert error.max() == 0 if name == "a.png" else error.mean() < 5
        assert said == sorted(said)

    def test_between_heads_a_picture_is_transparent_where_its_background_is(
        self, renderer, head, tmp_path: Path
    ) -> None:
        camera = orbit_camera(size=(100, 90))
        write_picture(renderer, head, camera, tmp_path / "a.png", None, beside=[head])
        with Image.open(tmp_path / "a.png") as image:
            assert not np.asarray(image)[:, 100:102].any()

    def test_heads_beside_each_other_must_fit_the_format(
        self, renderer, head, tmp_path: Path
    ) -> None:
        camera = orbit_camera(size=(8200, 16))
        with pytest.raises(UsageError, match="16383"):
            write_picture(renderer, head, camera, tmp_path / "a.webp", beside=[head])

    def test_jpeg_looks_like_the_screen(self, renderer, head, tmp_path: Path) -> None:
        camera = orbit_camera(size=(128, 128))
        write_picture(renderer, head, camera, tmp_path / "a.JPG", (0.0, 0.0, 0.0))
        with Image.open(tmp_path / "a.JPG") as image:
            got = np.asarray(image).astype(int)
        expected = renderer.render_rgba8(head, camera, (0.0, 0.0, 0.0))[..., :3]
        assert np.abs(got - expected).mean() < 4

    @pytest.mark.parametrize(
        ("name", "size", "background", "hint"),
        [
            ("a.jpg", 64, None, "transparent"),
            ("a.gif", 64, WHITE, "choose .png"),
            ("a", 64, WHITE, "choose .png"),
            ("a.webp", 16_384, WHITE, "16383"),
            ("a.png", 20_000, WHITE, "16384"),
        ],
    )
    def test_impossible_wishes_get_a_sentence_before_any_work(
        self, renderer, head, tmp_path: Path, name, size, background, hint
    ) -> None:
        camera = orbit_camera(size=(size, 64))
        with pytest.raises(UsageError, match=hint):
            write_picture(renderer, head, camera, tmp_path / name, background)
        assert not list(tmp_path.iterdir())

    def test_cancelling_leaves_nothing(self, renderer, head, tmp_path: Path) -> None:
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(Cancelled):
            write_picture(renderer, head, orbit_camera(), tmp_path / "a.png", cancel=cancel)
        assert not list(tmp_path.iterdir())


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**31),
    width=st.integers(1, 40),
    heights=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    channels=st.sampled_from([3, 4]),
)
def test_png_rows_come_back_whatever_the_bands(
    tmp_path: Path, seed: int, width: int, heights: list[int], channels: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (sum(heights), width, channels), dtype=np.uint8)
    with (
        open(tmp_path / "a.png", "wb") as handle,
        PngWriter(handle, width, len(pixels), channels) as png,
    ):
        for part in np.split(pixels, np.cumsum(heights)[:-1]):
            png.write(part)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        np.testing.assert_array_equal(np.asarray(image), pixels)


class TestViews:
    def test_seven_views_from_side_to_side(self, renderer, head, tmp_path: Path) -> None:
        sheet = views_sheet(renderer, head, 64)
        assert sheet.shape == (64, 7 * 64, 3)
        yaws = (-90, -60, -30, 0, 30, 60, 90)
        for index, yaw in enumerate(yaws):
            expected = renderer.render_rgba8(head, orbit_camera(yaw, size=(64, 64)))[..., :3]
            np.testing.assert_array_equal(sheet[:, 64 * index : 64 * (index + 1)], expected)
        # The egg's left half (world +x) is red: it fills the view from +90 degrees.
        reds = (sheet[..., 0].astype(int) - sheet[..., 2] > 100).reshape(64, 7, 64).sum((0, 2))
        assert (np.diff(reds) > 0).all()
        write_views(renderer, head, tmp_path / "views.png", 64)
        with Image.open(tmp_path / "views.png") as image:
            np.testing.assert_array_equal(np.asarray(image), sheet)


def decode(path: Path) -> tuple[list[np.ndarray], av.VideoFrame]:
    """All pictures in RGB by the matrix that the file names."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray(format="rgb24") for frame in frames], frames[0]


class TestVideo:
    def test_mp4_shows_the_orbit_in_its_colours(self, renderer, head, tmp_path: Path) -> None:
        orbit = OrbitVideo(seconds=1, size=95, fps=8, elevation=5, start_yaw=10)
        seen: list[float] = []
        path = tmp_path / "a.mp4"
        write_orbit_video(renderer, head, orbit, path, progress=lambda _, f: seen.append(f))
        pictures, first = decode(path)
        assert len(pictures) == orbit.frames == 8
        assert pictures[0].shape == (96, 96, 3)
        assert (first.format.name, first.colorspace) == ("yuv420p", 1)  # BT.709
        for index, got in enumerate(pictures):
            camera = orbit_camera(10 + 45 * index, 5, size=(96, 96))
            expected = renderer.render_rgba8(head, camera)[..., :3].astype(int)
            assert np.abs(got - expected).mean() < 6
            inside = (slice(40, 56), slice(40, 56))  # colour bleeds at edges, not here
            assert np.abs(got[inside].mean((0, 1)) - expected[inside].mean((0, 1))).max() < 8
        assert seen == sorted(seen)
        assert len(seen) == 9
        assert seen[-1] == 1

    def test_the_index_stands_in_front_so_that_browsers_start_at_once(
        self, renderer, head, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.mp4"
        write_orbit_video(renderer, head, OrbitVideo(seconds=0.2, size=32), path)
        data = path.read_bytes()
        assert 0 < data.index(b"moov") < data.index(b"mdat")

    def test_webp_is_animated_and_transparent_if_wished(
        self, renderer, head, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.webp"
        write_orbit_video(renderer, head, OrbitVideo(seconds=0.5, size=64, fps=10), path, None)
        with Image.open(path) as image:
            assert image.n_frames == 5
            assert image.info["loop"] == 0
            rgba = np.asarray(image.convert("RGBA"))
        assert rgba[0, 0, 3] == 0
        assert rgba[32, 32, 3] > 200

    def test_rides(self) -> None:
        turn = OrbitVideo(seconds=1, fps=4)
        assert [turn.yaw(i) for i in range(4)] == [0, 90, 180, 270]  # then 0 again: a loop
        sweep = OrbitVideo(seconds=1, fps=4, degrees=90, start_yaw=-45)
        assert [sweep.yaw(i) for i in range(4)] == [-45, -15, 15, 45]
        swing = OrbitVideo(seconds=1, fps=8, degrees=90, start_yaw=-45, ping_pong=True)
        yaws = [swing.yaw(i) for i in range(8)]
        assert yaws[0] == -45
        assert yaws[4] == 45
        np.testing.assert_allclose(yaws[1:4], yaws[:4:-1], atol=1e-9)  # back as it went there

    @pytest.mark.parametrize(
        "wish",
        [
            {"size": 0},
            {"size": 100_000},
            {"seconds": 0},
            {"seconds": float("nan")},
            {"fps": 0},
            {"fps": 1000},
            {"degrees": float("inf")},
            {"elevation": 91},
            {"fov_degrees": 0},
        ],
    )
    def test_impossible_rides_get_a_sentence(self, wish: dict) -> None:
        with pytest.raises(UsageError, match="must lie between"):
            OrbitVideo(**wish)

    def test_unknown_suffix(self, renderer, head, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"choose \.mp4"):
            write_orbit_video(renderer, head, OrbitVideo(), tmp_path / "a.avi")

    @pytest.mark.parametrize("suffix", [".mp4", ".webp"])
    def test_cancelling_midway_leaves_the_older_file(
        self, renderer, head, tmp_path: Path, suffix: str
    ) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"older")
        cancel = CancelToken()

        def progress(stage: str, fraction: float) -> None:
            if fraction >= 0.5:
                cancel.cancel()

        with pytest.raises(Cancelled):
            write_orbit_video(
                renderer, head, OrbitVideo(seconds=1, size=64), path, WHITE, progress, cancel
            )
        assert [p.name for p in tmp_path.iterdir()] == [path.name]
        assert path.read_bytes() == b"older"

    @pytest.mark.parametrize("suffix", [".webp", ".mp4"])
    def test_two_exports_at_once(self, renderer, head, tmp_path: Path, suffix: str) -> None:
        orbit = OrbitVideo(seconds=0.5, size=64, fps=12)
        paths = [tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"]
        threads = [
            threading.Thread(target=write_orbit_video, args=(renderer, head, orbit, path))
            for path in paths
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if suffix == ".webp":
            assert paths[0].read_bytes() == paths[1].read_bytes()
            return
        # x264 writes other bytes for the same pictures now and then on a busy machine.
        first, second = (np.stack(decode(path)[0]).astype(int) for path in paths)
        assert len(first) == len(second) == 6
        assert np.abs(first - second).mean() < 0.5
        assert np.abs(first - first[::-1]).mean() > 2  # pictures of an orbit do differ
