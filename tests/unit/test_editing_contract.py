"""What the window and the command line rely on when they edit, of every engine."""

import numpy as np
import pytest

from inference.editing.types import EditRequest
from inference.engine import Engine
from inference.engine_protocol import EditingEngineProtocol, ReconstructionOptions
from inference.errors import UsageError
from inference.face_map.labels import Label
from inference.files import resource_path
from inference.head.gaussians import NUM_GAUSSIANS
from inference.progress import Cancelled, CancelToken, no_progress
from tests.dummy_engine import DummyEngine

ENGINES = {"dummy": lambda: DummyEngine(seconds=0.01), "real": Engine}
SIZE = 512


def quietly():
    return no_progress, CancelToken()


def same(one, other):
    """Whether two heads are equal, bit for bit."""
    names = ("means", "quaternions", "scales", "opacities", "colours")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request) -> EditingEngineProtocol:
    return ENGINES[request.param]()


@pytest.fixture(scope="module")
def prepared(engine):
    image = engine.open_image(resource_path("samples/astronaut.png"))
    crop = engine.suggest_crop(image, engine.detect(image, *quietly())[0])
    return engine.prepare(image, crop, *quietly())


@pytest.fixture(scope="module")
def base(engine, prepared):
    return engine.reconstruct(prepared, ReconstructionOptions(fit=False), *quietly())


@pytest.fixture(scope="module")
def painted():
    """A map as somebody draws it: head, hair, neck, shirt and features."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    labels = np.zeros((SIZE, SIZE), np.uint8)

    def ellipse(x, y, width, height, label):
        labels[((columns - x) / width) ** 2 + ((rows - y) / height) ** 2 < 1] = label

    ellipse(256, 560, 230, 150, Label.CLOTH)
    ellipse(256, 400, 62, 90, Label.NECK)
    ellipse(256, 200, 118, 150, Label.HAIR)
    ellipse(256, 245, 88, 118, Label.FACE)
    for side, brow, eye in (
        (-1, Label.RIGHT_BROW, Label.RIGHT_EYE),
        (1, Label.LEFT_BROW, Label.LEFT_EYE),
    ):
        ellipse(256 + side * 38, 208, 22, 5, brow)
        ellipse(256 + side * 37, 226, 14, 6, eye)
    ellipse(256, 255, 18, 26, Label.NOSE)
    ellipse(256, 298, 30, 5, Label.UPPER_LIP)
    ellipse(256, 306, 28, 7, Label.LOWER_LIP)
    return labels


def test_a_map_and_words_make_a_head(engine, painted):
    style = engine.style_of_text("a blond woman", *quietly())
    request = EditRequest(painted, style)
    head = engine.edit(request, *quietly())
    assert len(head.gaussians) == NUM_GAUSSIANS
    assert head.request is request
    assert head.seconds
    assert (head.camera.width, head.camera.height) == (SIZE, SIZE)
    again = engine.edit(request, *quietly())
    np.testing.assert_allclose(again.gaussians.means, head.gaussians.means, atol=1e-6)
    np.testing.assert_allclose(again.gaussians.colours, head.gaussians.colours, atol=1e-5)


def test_styles_are_unit_vectors_of_one_network(engine, prepared):
    styles = [
        engine.style_of_portrait(prepared, *quietly()),
        engine.style_of_text("grey curly hair", *quietly()),
    ]
    assert styles[0].network == styles[1].network
    for style in styles:
        assert np.linalg.norm(style.vector) == pytest.approx(1, abs=1e-3)
    assert styles[1].description == "grey curly hair"
    again = engine.style_of_text("grey curly hair", *quietly())
    np.testing.assert_allclose(again.vector, styles[1].vector, atol=1e-6)


def test_a_description_of_nothing_is_refused(engine):
    with pytest.raises(UsageError):
        engine.style_of_text("  ", *quietly())


def test_words_change_colours(engine, painted):
    heads = [
        engine.edit(EditRequest(painted, engine.style_of_text(text, *quietly())), *quietly())
        for text in ("black hair and very dark skin", "white hair and pale skin")
    ]
    dark, light = (head.gaussians.colours.mean() for head in heads)
    assert abs(dark - light) > 0.02


def test_an_edit_of_a_portrait_is_seen_from_its_camera(engine, prepared, base, painted):
    own = engine.style_of_portrait(prepared, *quietly())
    request = EditRequest(painted, own, base, painted, own, keep_identity=0.5)
    head = engine.edit(request, *quietly())
    np.testing.assert_allclose(head.camera.world_to_camera, base.camera.world_to_camera)


def test_who_keeps_everything_and_changes_nothing_has_the_same_head(
    engine, prepared, base, painted
):
    own = engine.style_of_portrait(prepared, *quietly())
    request = EditRequest(painted, own, base, painted, own, keep_identity=1.0)
    head = engine.edit(request, *quietly())
    np.testing.assert_allclose(head.gaussians.colours, base.gaussians.colours, atol=1e-6)


def test_an_edit_that_was_prepared_is_bit_for_bit_the_same(engine, prepared, base, painted):
    own = engine.style_of_portrait(prepared, *quietly())
    labels = painted.copy()
    labels[80:140, 180:330] = Label.HAT
    request = EditRequest(labels, own, base, painted, own, keep_identity=1.0)
    # Another engine, which remembers nothing.
    unprepared = type(engine)().edit(request, *quietly()).gaussians
    assert engine.prepare_edits(request, *quietly()) is None
    assert same(engine.edit(request, *quietly()).gaussians, unprepared)


def test_edits_without_a_portrait_need_no_preparation_and_may_have_it(engine, painted):
    request = EditRequest(painted, engine.style_of_text("a bald man", *quietly()))
    before = engine.edit(request, *quietly()).gaussians
    engine.prepare_edits(request, *quietly())
    assert same(engine.edit(request, *quietly()).gaussians, before)


def test_a_cancelled_token_stops_every_call(engine, prepared, painted):
    token = CancelToken()
    token.cancel()
    style = engine.style_of_text("red hair", *quietly())
    with pytest.raises(Cancelled):
        engine.style_of_portrait(prepared, no_progress, token)
    with pytest.raises(Cancelled):
        engine.style_of_text("red hair", no_progress, token)
    with pytest.raises(Cancelled):
        engine.edit(EditRequest(painted, style), no_progress, token)
    with pytest.raises(Cancelled):
        engine.prepare_edits(EditRequest(painted, style), no_progress, token)


def test_progress_names_stages_and_rises_in_each(engine, painted):
    told: dict[str, list[float]] = {}
    style = engine.style_of_text("a bald man", *quietly())
    engine.edit(
        EditRequest(painted, style),
        lambda stage, fraction: told.setdefault(stage, []).append(fraction),
        CancelToken(),
    )
    assert told
    for fractions in told.values():
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0
        assert fractions[-1] <= 1
