"""What the application and the command line rely on, of every engine."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.engine import Engine
from inference.engine_protocol import EngineProtocol, ReconstructionOptions
from inference.errors import InvalidImageError, InvalidModelError, UsageError
from inference.face_map.labels import COUNT, Label
from inference.files import resource_path
from inference.head.gaussians import NUM_GAUSSIANS
from inference.portrait.types import CropBox
from inference.progress import Cancelled, CancelToken, no_progress
from tests.dummy_engine import DummyEngine, UnsharpMask
from tests.sharpening_files import write_sharpening


def make_dummy() -> EngineProtocol:
    return DummyEngine(seconds=0.01)


ENGINES = {"dummy": make_dummy, "real": Engine}


def sharpening_dummy(folder: Path) -> EngineProtocol:
    return DummyEngine(sharpener=UnsharpMask())


def sharpening_engine(folder: Path) -> EngineProtocol:
    write_sharpening(folder / "sharpening.safetensors", "embedded", seed=1)
    return Engine(checkpoint=folder / "model.safetensors")  # read when a head is made


SHARPENING_ENGINES = {"dummy": sharpening_dummy, "real": sharpening_engine}


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request) -> EngineProtocol:
    made = ENGINES[request.param]()
    made.load_models(no_progress, CancelToken())
    return made


@pytest.fixture(scope="module")
def sample() -> Path:
    return resource_path("samples/astronaut.png")


@pytest.fixture(scope="module")
def prepared(engine, sample):
    image = engine.open_image(sample)
    faces = engine.detect(image, no_progress, CancelToken())
    return engine.prepare(image, engine.suggest_crop(image, faces[0]), no_progress, CancelToken())


def test_a_file_and_its_bytes_are_the_same_picture(engine, sample):
    from_file = engine.open_image(sample)
    from_bytes = engine.open_image(sample.read_bytes(), "pasted")
    assert from_file.name == "astronaut"
    assert from_bytes.name == "pasted"
    assert from_file.rgb.dtype == np.float32
    assert from_file.size == (512, 512)
    np.testing.assert_array_equal(from_file.rgb, from_bytes.rgb)


def test_what_is_no_picture_is_refused_with_a_sentence(engine, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("not a picture")
    for source in (path, b"", tmp_path / "missing.png"):
        with pytest.raises(InvalidImageError) as caught:
            engine.open_image(source)
        assert str(caught.value).count("\n") == 0


def test_faces_come_best_first_and_lie_in_the_picture(engine, sample):
    image = engine.open_image(sample)
    faces = engine.detect(image, no_progress, CancelToken())
    assert faces
    assert [face.score for face in faces] == sorted((f.score for f in faces), reverse=True)
    for face in faces:
        left, top, right, bottom = face.box
        assert left < right <= 512 * 1.2
        assert top < bottom <= 512 * 1.2
        assert face.keypoints.shape == (6, 2)


def test_a_wall_has_no_face_and_its_crop_is_the_largest_centred_square(engine):
    stream = io.BytesIO()
    Image.new("RGB", (300, 200), (120, 124, 130)).save(stream, "PNG")
    image = engine.open_image(stream.getvalue(), "wall")
    assert engine.detect(image, no_progress, CancelToken()) == []
    assert engine.suggest_crop(image, None) == CropBox(150, 100, 200)


def test_the_suggested_crop_holds_the_face(engine, sample):
    image = engine.open_image(sample)
    face = engine.detect(image, no_progress, CancelToken())[0]
    crop = engine.suggest_crop(image, face)
    corners = np.array([face.box[:2], face.box[2:]])
    inside = crop.to_crop(corners, 100)
    assert (inside >= 0).all()
    assert (inside <= 100).all()


def test_a_prepared_portrait_is_square_and_in_range(engine, prepared):
    size = prepared.size
    assert prepared.image.shape == (size, size, 3)
    assert prepared.alpha.shape == (size, size)
    for array in (prepared.image, prepared.alpha):
        assert array.dtype == np.float32
        assert array.min() >= 0
        assert array.max() <= 1
    assert 0.05 < prepared.alpha.mean() < 0.95


def test_beyond_the_picture_is_grey_and_not_foreground(engine, sample):
    image = engine.open_image(sample)
    crop = CropBox(0.0, 256.0, 512.0)
    prepared = engine.prepare(image, crop, no_progress, CancelToken())
    beyond = prepared.size // 2 - 2
    assert prepared.crop == crop
    np.testing.assert_allclose(prepared.image[:, :beyond], 0.5, atol=0.01)
    np.testing.assert_array_equal(prepared.alpha[:, :beyond], 0)


def test_a_head_is_whole_and_made_the_same_way_twice(engine, prepared):
    options = ReconstructionOptions()
    first = engine.reconstruct(prepared, options, no_progress, CancelToken())
    second = engine.reconstruct(prepared, options, no_progress, CancelToken())
    assert len(first.gaussians) == NUM_GAUSSIANS
    assert (first.camera.width, first.camera.height) == (prepared.size, prepared.size)
    assert first.portrait is prepared
    assert first.options == options
    assert first.seconds
    np.testing.assert_allclose(first.gaussians.means, second.gaussians.means, atol=1e-6)
    np.testing.assert_allclose(first.gaussians.colours, second.gaussians.colours, atol=1e-5)


def test_the_fit_and_the_layers_change_the_head(engine, prepared):
    def head(**options) -> np.ndarray:
        made = ReconstructionOptions(**options)
        result = engine.reconstruct(prepared, made, no_progress, CancelToken())
        return result.gaussians.colours

    plain = head(fit=False)
    assert np.abs(head(fit=True) - plain).max() > 0.01
    np.testing.assert_allclose(head(fit_strength=0.0), plain, atol=1e-6)
    assert engine.decoder_layers >= 1
    np.testing.assert_allclose(head(fit=False, layers=engine.decoder_layers), plain, atol=1e-6)
    assert np.abs(head(fit=False, layers=1) - plain).max() > 1e-3


def test_progress_names_stages_and_rises_in_each(engine, prepared):
    told: dict[str, list[float]] = {}
    engine.reconstruct(
        prepared,
        ReconstructionOptions(),
        lambda stage, fraction: told.setdefault(stage, []).append(fraction),
        CancelToken(),
    )
    assert told
    for stage, fractions in told.items():
        assert stage[0].isupper()
        assert not stage.endswith(".")
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0
        assert fractions[-1] <= 1


def test_a_cancelled_token_stops_every_call(engine, sample, prepared):
    image = engine.open_image(sample)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.detect(image, no_progress, token)
    with pytest.raises(Cancelled):
        engine.prepare(image, prepared.crop, no_progress, token)
    with pytest.raises(Cancelled):
        engine.reconstruct(prepared, ReconstructionOptions(), no_progress, token)


def test_cancelling_in_the_middle_stops_within_the_next_stage(engine, prepared):
    token = CancelToken()
    calls: list[str] = []

    def stop_at_once(stage: str, fraction: float) -> None:
        calls.append(stage)
        token.cancel()

    with pytest.raises(Cancelled):
        engine.reconstruct(prepared, ReconstructionOptions(), stop_at_once, token)
    assert len(calls) <= 2


@pytest.mark.parametrize("read_map", [False, True])
def test_the_fit_reads_the_face_map_unless_told_not_to(engine, prepared, read_map):
    stages: list[str] = []
    options = ReconstructionOptions(read_map=read_map)
    head = engine.reconstruct(
        prepared, options, lambda stage, _: stages.append(stage), CancelToken()
    )
    assert head.options == options
    if isinstance(engine, Engine):  # the stand-in has no fit that could use it
        assert ("Reading the face map" in stages) == read_map
        assert ("face map" in head.seconds) == read_map


def test_a_head_is_made_without_the_parser_that_was_chosen(prepared, tmp_path, monkeypatch):
    for folder in ("PERCHEAD_MODELS", "HF_HOME"):
        monkeypatch.setenv(folder, str(tmp_path))
    engine = Engine(parser="farl")
    head = engine.reconstruct(prepared)
    assert len(head.gaussians) == NUM_GAUSSIANS
    assert "fit" in head.seconds
    with pytest.raises((UsageError, InvalidModelError)):
        engine.parse(prepared)


def test_a_face_map_has_the_19_classes_in_the_portraits_size(engine, prepared):
    told: list[float] = []
    parsing = engine.parse(prepared, lambda stage, fraction: told.append(fraction), CancelToken())
    size = prepared.size
    assert parsing.scores.shape == (COUNT, size, size)
    np.testing.assert_allclose(parsing.scores.sum(0), 1, atol=1e-4)
    assert parsing.labels.max() < COUNT
    shares = np.bincount(parsing.labels.ravel(), minlength=COUNT) / parsing.labels.size
    for label in (Label.BACKGROUND, Label.FACE, Label.HAIR):
        assert shares[label] > 0.03, label.title
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_portrait_has_the_same_face_map_twice(engine, prepared):
    first = engine.parse(prepared, no_progress, CancelToken())
    other = dataclasses.replace(prepared, image=prepared.image[:, ::-1].copy(), landmarks=None)
    engine.parse(other, no_progress, CancelToken())
    again = engine.parse(prepared, no_progress, CancelToken())
    np.testing.assert_array_equal(first.labels, again.labels)


def test_parsing_stops_when_it_is_told_to(engine, prepared):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.parse(prepared, no_progress, token)


def test_an_unknown_face_parser_is_refused_before_anything_is_loaded():
    with pytest.raises(UsageError, match="embedded or farl"):
        Engine(parser="bisenet")


@pytest.mark.parametrize("name", list(SHARPENING_ENGINES))
@pytest.mark.parametrize("size", [(64, 64), (37, 52), (1, 3)])
def test_a_sharpener_takes_pictures_of_any_size_and_gives_them_back_in_range(name, size, tmp_path):
    sharpener = SHARPENING_ENGINES[name](tmp_path).sharpener
    assert sharpener is not None
    assert sharpener.margin > 0
    picture = np.random.default_rng(0).random((*size, 3), np.float32)
    kept = picture.copy()
    sharp = sharpener(picture)
    assert sharp.shape == picture.shape
    assert sharp.dtype == np.float32
    assert 0 <= sharp.min() <= sharp.max() <= 1
    assert np.abs(sharp - picture).max() > 0.01
    np.testing.assert_array_equal(picture, kept)
    np.testing.assert_array_equal(sharpener(picture), sharp)


@pytest.mark.parametrize("name", list(SHARPENING_ENGINES))
def test_a_sharpener_stops_when_it_is_told_to(name, tmp_path):
    sharpener = SHARPENING_ENGINES[name](tmp_path).sharpener
    assert sharpener is not None
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        sharpener(np.zeros((8, 8, 3), np.float32), token)


@pytest.mark.parametrize("made", [make_dummy, lambda: Engine(checkpoint=Path("model.safetensors"))])
def test_an_engine_without_a_sharpening_network_works_silently(made):
    assert made().sharpener is None
