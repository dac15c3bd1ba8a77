"""The sharpening network beside a model: files, sizes, parts, transparency, what is left alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from inference.engine import Engine
from inference.errors import InvalidModelError
from inference.export.picture import TILE, draw_bands
from inference.head.gaussians import Gaussians
from inference.model import picture_sharpener
from inference.model.config import SharpeningConfig, preset_config
from inference.model.picture_sharpener import CnnSharpener, part_edge
from inference.model.sharpening_file import load_sharpening, sharpening_beside
from inference.progress import Cancelled, CancelToken
from inference.rendering.alpha_bleeding import bleed
from inference.rendering.camera import HEAD_CENTRE, Camera, orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.protocol import WHITE, Frame
from inference.rendering.sharpened import SharpenedRenderer, sharpen_frame, sharpened
from tests.dummy_engine import UnsharpMask
from tests.sharpening_files import TINY, seeded_sharpening, write_sharpening

SHAPES = [
    TINY,
    SharpeningConfig(width=4, levels=3),
    SharpeningConfig(width=4, levels=1, fold=4, blur_sigma=0.2),
]


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


class TestFile:
    def test_what_training_writes_is_read_with_its_own_shape(self, tmp_path):
        path = tmp_path / "sharpening.safetensors"
        written = write_sharpening(path, "embedded", seed=3)
        read = load_sharpening(path, "embedded")
        assert read.config == TINY
        assert not read.training
        for name, tensor in written.state_dict().items():
            torch.testing.assert_close(read.state_dict()[name], tensor)
        assert sharpening_beside(tmp_path / "model.safetensors", "embedded") is not None
        assert sharpening_beside(tmp_path / "elsewhere" / "model.safetensors", "embedded") is None

    def test_a_change_elsewhere_in_the_preset_leaves_the_filter_usable(self, tmp_path):
        path = tmp_path / "sharpening.safetensors"
        write_sharpening(path, "embedded")
        change_metadata(path, lambda config: config["decoder"].update(layers=99))
        assert load_sharpening(path, "embedded").config == TINY

    def test_the_shapes_are_those_of_the_metadata_or_there_is_one_sentence(self, tmp_path):
        path = tmp_path / "sharpening.safetensors"
        write_sharpening(path, "embedded")
        change_metadata(path, lambda config: config["sharpening"].update(width=5))
        refuse(path, "embedded", "download it again")

    @pytest.mark.parametrize(
        "change",
        [
            lambda config: config.update(sharpening=None),
            lambda config: config.update(sharpening=[1, 2]),
            lambda config: config.pop("sharpening"),
            lambda config: config["sharpening"].update(unknown=1),
            lambda config: config["sharpening"].update(width=10**9),
            lambda config: config["sharpening"].update(width="4"),
            lambda config: config["sharpening"].update(levels=0),
            lambda config: config["sharpening"].update(fold=3),
            lambda config: config["sharpening"].update(blur_sigma=float("nan")),
            lambda config: config["sharpening"].update(blur_sigma="soft"),
        ],
    )
    def test_shapes_that_no_network_has_are_refused_before_it_is_built(self, tmp_path, change):
        path = tmp_path / "sharpening.safetensors"
        write_sharpening(path, "embedded")
        change_metadata(path, change)
        refuse(path, "embedded", "is no sharpening network")

    def test_wrong_files_are_refused_with_one_sentence(self, tmp_path):
        path = tmp_path / "sharpening.safetensors"
        refuse(path, "embedded", "is no sharpening network")
        path.write_bytes(b"not a network at all")
        refuse(path, "embedded", "is no sharpening network")
        save_file({"weight": torch.zeros(2)}, path)
        refuse(path, "embedded", "is no sharpening network")
        write_sharpening(path, "light")
        refuse(path, "embedded", "'light', not 'embedded'")
        write_sharpening(path, "embedded")
        whole = path.read_bytes()
        path.write_bytes(whole[:-40])
        refuse(path, "embedded", "is no sharpening network")

    def test_values_that_are_not_finite_are_damage(self, tmp_path):
        path = tmp_path / "sharpening.safetensors"
        write_sharpening(path, "embedded")
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata()
        tensors["out.weight"][0, 0] = float("inf")
        save_file(tensors, path, metadata=metadata)
        refuse(path, "embedded", "damaged")

    def test_the_engine_tells_of_a_bad_file(self, tmp_path):
        (tmp_path / "sharpening.safetensors").write_bytes(b"nothing")
        with pytest.raises(InvalidModelError, match="is no sharpening network"):
            _ = Engine(checkpoint=tmp_path / "model.safetensors").sharpener


def change_metadata(path, change) -> None:
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    config = json.loads(metadata["config"])
    change(config)
    save_file(tensors, path, metadata={**metadata, "config": json.dumps(config, sort_keys=True)})


def refuse(path, preset: str, says: str) -> None:
    with pytest.raises(InvalidModelError, match=says) as caught:
        load_sharpening(path, preset)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


class TestPictures:
    @pytest.mark.parametrize("config", SHAPES)
    @pytest.mark.parametrize("size", [(33, 50), (1, 1), (64, 7)])
    def test_the_untrained_network_leaves_a_picture_as_it_is(self, config, size):
        picture = noise(*size)
        sharp = CnnSharpener(seeded_sharpening(config))(picture)
        np.testing.assert_allclose(sharp, picture, atol=1e-5)

    @settings(max_examples=25, deadline=None)
    @given(
        height=st.integers(1, 150),
        width=st.integers(1, 150),
        config=st.sampled_from(SHAPES),
        part=st.integers(16, 80),
    )
    def test_parts_give_the_picture_of_the_whole(self, height, width, config, part):
        sharpener = CnnSharpener(seeded_sharpening(config, seed=5))
        picture = noise(height, width)
        whole = sharpener(picture)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(picture_sharpener, "PART", part)
            np.testing.assert_allclose(sharpener(picture), whole, atol=2e-5)

    def test_memory_is_that_of_a_part_however_large_the_picture(self, monkeypatch):
        sharpener = CnnSharpener(seeded_sharpening(seed=1))
        seen = []
        monkeypatch.setattr(
            sharpener, "_sharpen", lambda part: seen.append(part.shape[:2]) or part.copy()
        )
        picture = noise(1300, 2100)
        np.testing.assert_array_equal(sharpener(picture), picture)
        largest = picture_sharpener.PART + 2 * sharpener.margin + TINY.step
        assert len(seen) == 3 * 5
        assert max(max(shape) for shape in seen) <= largest

    def test_wide_networks_get_smaller_parts(self):
        paper = preset_config("paper").sharpening
        assert part_edge(SharpeningConfig(8, 2, fold=2)) == 512
        assert part_edge(paper) == 256
        assert part_edge(replace(paper, width=512)) == 128

    def test_a_large_picture_is_cancelled_between_its_parts(self):
        token = CancelToken()
        sharpener = CnnSharpener(seeded_sharpening())
        inner, done = sharpener._sharpen, []

        def count(part):
            done.append(1)
            token.cancel()
            return inner(part)

        sharpener._sharpen = count
        with pytest.raises(Cancelled):
            sharpener(noise(600, 600), token)
        assert len(done) == 1

    def test_the_margin_of_a_preset_divides_the_tiles_of_exports(self):
        for config in (*SHAPES, preset_config("paper").sharpening, SharpeningConfig(8, 2, fold=2)):
            assert config.margin % config.step == 0
            assert TILE % config.step == 0


def frame_with_edges(seed: int = 0) -> Frame:
    """A head-like disc with soft edges and a textured inside."""
    y, x = np.mgrid[:61, :48]
    alpha = np.clip(8 - 0.5 * np.hypot(x - 24, y - 30), 0, 1).astype(np.float32)
    return Frame(noise(61, 48, seed) * 0.4 * alpha[..., None], alpha, alpha * 1.2)


class TestFrames:
    def test_alpha_depth_and_what_is_behind_the_head_stay(self):
        frame = frame_with_edges()
        sharp = sharpen_frame(frame, CnnSharpener(seeded_sharpening(seed=2)))
        np.testing.assert_array_equal(sharp.alpha, frame.alpha)
        np.testing.assert_array_equal(sharp.depth, frame.depth)
        assert sharp.colour.dtype == np.float32
        assert (sharp.colour[frame.alpha == 0] == 0).all()
        assert (sharp.colour <= sharp.alpha[..., None] + 1e-6).all()
        assert (sharp.colour >= 0).all()
        assert np.abs(sharp.colour - frame.colour).max() > 0.02
        for background in (WHITE, (0.0, 0.5, 0.1)):
            behind = sharp.over(background)[frame.alpha == 0]
            np.testing.assert_allclose(behind, np.broadcast_to(background, behind.shape))

    def test_a_silhouette_gets_no_rim(self):
        """A head of one colour has nothing to sharpen, whatever its outline."""
        frame = frame_with_edges()
        plain = np.array([0.8, 0.3, 0.2], np.float32)
        frame = replace(frame, colour=plain * frame.alpha[..., None])
        sharp = sharpen_frame(frame, UnsharpMask())
        np.testing.assert_allclose(sharp.colour, frame.colour, atol=0.01)

    def test_an_opaque_picture_is_the_networks_own(self):
        picture = noise(41, 30)
        frame = Frame(picture, np.ones((41, 30), np.float32), np.ones((41, 30), np.float32))
        sharpener = CnnSharpener(seeded_sharpening(seed=2))
        got = sharpen_frame(frame, sharpener).over(WHITE)
        np.testing.assert_allclose(got, sharpener(picture), atol=1e-6)

    @settings(max_examples=25, deadline=None)
    @given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 99))
    def test_bleeding_keeps_what_is_opaque_and_stays_in_range(self, height, width, seed):
        rng = np.random.default_rng(seed)
        alpha = np.clip(rng.normal(0.5, 1.0, (height, width)), 0, 1).astype(np.float32)
        colour = noise(height, width, seed) * alpha[..., None]
        filled = bleed(colour, alpha)
        np.testing.assert_allclose(filled[alpha == 1], colour[alpha == 1], atol=1e-6)
        assert filled.shape == (height, width, 3)
        assert filled.dtype == np.float32
        assert filled.min() >= -1e-6
        assert filled.max() <= 1 + 1e-6

    def test_bleeding_carries_the_colours_of_the_edge_outwards(self):
        alpha = np.zeros((64, 64), np.float32)
        alpha[:, :20], alpha[:, 44:] = 1, 1
        colour = np.zeros((64, 64, 3), np.float32)
        colour[:, :20, 0], colour[:, 44:, 2] = 0.9, 0.7
        filled = bleed(colour, alpha)
        np.testing.assert_allclose(filled[:, 20], [[0.9, 0, 0]] * 64, atol=0.25)
        np.testing.assert_allclose(filled[:, 43], [[0, 0, 0.7]] * 64, atol=0.25)
        steps = np.abs(np.diff(filled[32, 19:45], axis=0)).max()
        assert steps < 0.25  # no edge is left


@pytest.fixture(scope="module")
def renderer() -> PortableRenderer:
    return PortableRenderer(1)


@pytest.fixture(scope="module")
def head() -> Gaussians:
    rng = np.random.default_rng(1)
    out = rng.normal(size=(3000, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return Gaussians(
        means=out * [0.08, 0.11, 0.1] + HEAD_CENTRE,
        quaternions=np.tile([1.0, 0, 0, 0], (3000, 1)),
        scales=np.full((3000, 3), 0.003),
        opacities=rng.uniform(0.3, 1, 3000),
        colours=rng.random((3000, 3)),
    )


class TestRenderer:
    def test_final_pictures_are_sharpened_and_moving_ones_are_not(self, renderer, head):
        camera = orbit_camera(20, size=(70, 90))
        sharpener = UnsharpMask()
        sharp = SharpenedRenderer(renderer, sharpener)
        assert sharp.name == renderer.name
        picture = sharp.render_rgba8(head, camera, None)
        assert sharpener.pictures == [(70, 90)]
        plain = renderer.render_rgba8(head, camera, None)
        np.testing.assert_allclose(picture[..., 3], plain[..., 3], atol=1)
        assert np.abs(picture.astype(int) - plain).max() > 5
        moving = sharp.preview_rgba8(head, camera, None)
        assert sharpener.pictures == [(70, 90)]
        np.testing.assert_array_equal(moving, plain)

    def test_nothing_changes_where_nothing_sharpens(self, renderer):
        assert sharpened(renderer, None) is renderer

    def test_tiles_of_a_large_picture_fit_together(self, renderer, head, monkeypatch):
        sharp = SharpenedRenderer(renderer, CnnSharpener(seeded_sharpening(seed=4)))
        camera = orbit_camera(35, 10, size=(210, 170))
        whole = np.concatenate([rows for _, rows in draw_bands(sharp, head, camera, WHITE)])
        monkeypatch.setattr("inference.export.picture.TILE", 64)
        tiled = np.concatenate([rows for _, rows in draw_bands(sharp, head, camera, WHITE)])
        assert tiled.shape == whole.shape
        apart = np.abs(tiled.astype(int) - whole)
        assert apart.max() <= 3  # of 255: beyond a silhouette a tile has fewer colours to go by
        assert (apart > 1).mean() < 1e-3

    def test_a_camera_of_one_pixel(self, renderer, head):
        camera = Camera(1, 1, orbit_camera(size=(1, 1)).intrinsics, np.eye(4))
        frame = SharpenedRenderer(renderer, CnnSharpener(seeded_sharpening())).render(head, camera)
        assert frame.colour.shape == (1, 1, 3)


def test_a_models_own_network_is_used(tmp_path):
    """A preset whose checkpoint holds the CNN needs no file beside it."""
    engine = Engine("paper", checkpoint=tmp_path / "model.safetensors")
    cnn = seeded_sharpening(replace(TINY, width=6), seed=1)
    engine._model = type("Loaded", (), {"sharpening": cnn})()
    picture = noise(20, 30)
    assert engine.sharpener is not None
    np.testing.assert_array_equal(engine.sharpener(picture), CnnSharpener(cnn)(picture))
