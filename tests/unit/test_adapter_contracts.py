"""The same promises of every network behind a protocol, the shipped one or a published one.

The published ones are small and random here, in the published form; they are skipped where their
package is absent.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.device import CPU
from inference.editing.preset_editor import PresetEditor
from inference.editing.types import Style
from inference.engine import Engine
from inference.errors import NoFaceError
from inference.face_map.labels import COUNT
from inference.features.clip import load_clip
from inference.features.embedded_style import load_embedded_style
from inference.files import resource_path
from inference.parsing.embedded import load_embedded_parser
from inference.parsing.farl import FarlParser
from inference.portrait.foreground import ForegroundFinder
from inference.portrait.loading import load_image
from inference.portrait.matting import VitMatte
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import CropBox, PreparedPortrait
from inference.progress import Cancelled, CancelToken, no_progress
from inference.torchvision_repair import repair_torchvision
from tests.unit.editing_files import write_editing
from tests.unit.test_clip import shapes
from tests.unit.test_farl_parser import Stub
from tests.unit.test_matting import SMALL, published, write_files

TEXTS = ["grey curly hair", "a man with a full beard", "red hair and blue eyes " * 40]


def package(name):
    """A package that needs torchvision; skips where one of them is absent."""
    if not repair_torchvision():
        pytest.skip(f"{name} needs torchvision, which is not installed")
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip(name)


def tiny_clip(folder):
    open_clip = package("open_clip")
    torch.manual_seed(0)
    vision, text = shapes(128, 2, 14, 56, 64, 2)
    configs = open_clip.CLIPVisionCfg(**vision), open_clip.CLIPTextCfg(**text)
    network = open_clip.CLIP(32, *configs, quick_gelu=True)
    torch.save(network.state_dict(), folder / "clip.pt")
    return load_clip(folder / "clip.pt")


def tiny_farl(folder):
    package("facer")
    torch.manual_seed(0)
    torch.jit.save(torch.jit.script(Stub().eval()), folder / "farl.pt")
    return FarlParser(folder / "farl.pt")


def tiny_vitmatte(folder):
    pytest.importorskip("transformers")
    return VitMatte(write_files(folder, SMALL, published(SMALL)))


STYLES = {"embedded": lambda folder: load_embedded_style(), "clip": tiny_clip}
PARSERS = {"embedded": lambda folder: load_embedded_parser(), "farl": tiny_farl}
MATTINGS = {"vitmatte": tiny_vitmatte}
FOREGROUNDS = {
    "embedded": lambda folder: ForegroundFinder(),
    "vitmatte": lambda folder: ForegroundFinder(tiny_vitmatte(folder)),
}


def made(adapters):
    """A fixture of each of the adapters by name, made once."""

    @pytest.fixture(scope="module", params=list(adapters))
    def adapter(request, tmp_path_factory):
        return adapters[request.param](tmp_path_factory.mktemp(request.param))

    return adapter


style, parser, matting, foreground = map(made, (STYLES, PARSERS, MATTINGS, FOREGROUNDS))


@pytest.fixture(scope="module")
def photograph():
    return load_image(resource_path("samples/astronaut.png"))


@pytest.fixture(scope="module")
def portrait(photograph, template):
    """The sample in a crop of 256 pixels that reaches beyond the photograph."""
    preparer = PortraitPreparer(template, 256)
    crop = preparer.suggest_crop(photograph, preparer.detect(photograph)[0])
    return preparer.prepare(photograph, replace(crop, centre_y=crop.centre_y - 40))


@pytest.fixture(scope="module")
def pictures(portrait):
    """[2, 3, 256, 256] the portrait and its mirror image, darker."""
    picture = torch.from_numpy(portrait.image).permute(2, 0, 1)
    return torch.stack([picture, picture.flip(2) * 0.6])


def pressed(progress_at):
    """A token, and a progress callback that cancels it at that fraction or later."""
    token = CancelToken()

    def progress(_, fraction):
        if fraction >= progress_at:
            token.cancel()

    return progress, token


# Style encoders


def check_styles(vectors, count, style):
    assert vectors.shape == (count, style.width)
    assert vectors.dtype == torch.float32
    assert not vectors.requires_grad
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(count), atol=1e-3, rtol=0)
    for vector in vectors.numpy():
        Style(vector, style.name, "a look")  # takes it without complaint


@pytest.mark.parametrize("size", [(256, 256), (57, 90), (40, 200)])
def test_pictures_of_any_size_have_a_style(style, pictures, size):
    resized = torch.nn.functional.interpolate(pictures, size, mode="bilinear", antialias=True)
    vectors = style.embed_images(resized)
    check_styles(vectors, 2, style)
    assert (vectors[0] - vectors[1]).norm() > 1e-3


def test_pictures_have_the_same_style_again_and_one_by_one(style, pictures):
    together = style.embed_images(pictures)
    assert torch.equal(style.embed_images(pictures.clone()), together)
    alone = torch.cat([style.embed_images(picture[None]) for picture in pictures])
    torch.testing.assert_close(alone, together, atol=1e-4, rtol=0)


def test_texts_have_the_same_style_again_and_one_by_one(style):
    together = style.embed_texts(TEXTS)
    check_styles(together, len(TEXTS), style)
    assert torch.equal(style.embed_texts(tuple(TEXTS)), together)
    alone = torch.cat([style.embed_texts([text]) for text in TEXTS])
    torch.testing.assert_close(alone, together, atol=1e-4, rtol=0)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (together[one] - together[other]).norm() > 1e-3


def test_a_style_that_was_cancelled_is_not_read(style, portrait, template, tmp_path):
    write_editing(tmp_path / "editing.safetensors", template, style.name, style.width)
    weights = tmp_path / "model.safetensors"
    editor = PresetEditor(template, "light-s", weights, CPU, lambda *_: style)
    for read in (
        lambda *call: editor.style_of_text(TEXTS[0], *call),
        lambda *call: editor.style_of_portrait(portrait, *call),
    ):
        with pytest.raises(Cancelled):
            read(*pressed(0.0))


# Face parsers


def test_a_map_has_shares_of_the_19_classes_in_the_crop_s_size(parser, portrait):
    before = portrait.image.copy()
    found = parser.parse(portrait)
    assert found.scores.shape == (COUNT, 256, 256)
    assert found.scores.dtype == np.float32
    assert -1e-6 <= found.scores.min() <= found.scores.max() <= 1 + 1e-6
    np.testing.assert_allclose(found.scores.sum(0), 1, atol=1e-4)
    assert (found.labels.shape, found.labels.dtype) == ((256, 256), np.uint8)
    assert len(np.unique(found.labels)) > 1
    np.testing.assert_array_equal(portrait.image, before)
    np.testing.assert_array_equal(parser.parse(portrait).scores, found.scores)
    assert parser.name


def test_a_crop_without_a_face_is_told_and_what_to_do(parser):
    wall, nobody = np.full((256, 256, 3), 0.45, np.float32), np.zeros((256, 256), np.float32)
    empty = PreparedPortrait(wall, nobody, None, CropBox(128, 128, 256))
    with pytest.raises(NoFaceError, match="move the crop box"):
        parser.parse(empty)


def test_a_map_that_was_cancelled_can_be_read_later(parser, portrait, monkeypatch):
    monkeypatch.setattr("inference.parsing.selection.load_parser", lambda _: parser)
    engine = Engine()
    with pytest.raises(Cancelled):
        engine.parse(portrait, *pressed(0.0))
    found = engine.parse(portrait, no_progress, CancelToken())
    np.testing.assert_array_equal(found.scores, parser.parse(portrait).scores)


# Mattings, and what cuts a person out with and without one


def check_alpha(alpha, size):
    assert (alpha.shape, alpha.dtype) == ((size, size), np.float32)
    assert np.isfinite(alpha).all()
    assert 0 <= alpha.min() <= alpha.max() <= 1


@pytest.mark.parametrize("with_landmarks", [True, False])
def test_a_finer_outline_leaves_what_is_sure(matting, portrait, with_landmarks):
    landmarks = portrait.landmarks if with_landmarks else None
    arguments = portrait.image, portrait.alpha, landmarks
    before = portrait.image.copy(), portrait.alpha.copy()
    alpha = matting.refine(*arguments)
    check_alpha(alpha, 256)
    sure = np.hypot(*(np.mgrid[:256, :256] - 128)) < 20  # the middle of the face
    assert (alpha[sure] == 1).all()
    for values, kept in zip(arguments, before, strict=False):
        np.testing.assert_array_equal(values, kept)
    with ThreadPoolExecutor(2) as pool:
        for again in pool.map(lambda _: matting.refine(*arguments), range(2)):
            np.testing.assert_allclose(again, alpha, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_picture_without_an_outline_stays_as_it_is(matting, portrait, value):
    alpha = np.full((256, 256), value, np.float32)
    np.testing.assert_array_equal(matting.refine(portrait.image, alpha, None), alpha)


def test_a_person_is_cut_out_within_the_photograph_alone(foreground, portrait):
    assert portrait.inside.min() == 0
    arguments = portrait.image, portrait.inside, None, portrait.landmarks
    alpha = foreground.find(*arguments)
    check_alpha(alpha, 256)
    assert (alpha[portrait.inside == 0] == 0).all()
    assert 0.1 < alpha.mean() < 0.9
    np.testing.assert_array_equal(foreground.find(*arguments), alpha)


def test_a_cut_out_file_keeps_its_own_outline(foreground, portrait):
    own = np.zeros((256, 256), np.float32)
    own[60:256, 60:200] = 0.75
    whole = np.ones_like(own)
    np.testing.assert_allclose(
        foreground.find(portrait.image, whole, own, portrait.landmarks), own, atol=1e-6
    )


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5])
def test_cutting_out_can_be_cancelled(foreground, photograph, portrait, template, fraction):
    preparer = PortraitPreparer(template, 256, foreground)
    with pytest.raises(Cancelled):
        preparer.prepare(photograph, portrait.crop, *pressed(fraction))
