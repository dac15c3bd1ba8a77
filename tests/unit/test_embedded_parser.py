"""The face map of the shipped parser: what painting and editing rely on."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.errors import InvalidModelError, NoFaceError
from inference.face_map.labels import COUNT, MIRRORED, Label
from inference.files import resource_path
from inference.head.template import HeadTemplate
from inference.parsing.embedded import (
    EMBEDDED_PARSER,
    load_embedded_parser,
    load_parser_network,
    save_parser,
)
from inference.parsing.face_hints import OUTLINES, face_hints
from inference.parsing.parser_config import ParserConfig
from inference.parsing.parser_network import ParserNetwork
from inference.parsing.tidying import SMALLEST, tidied
from inference.portrait.loading import load_image
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import CropBox, FaceLandmarks, LoadedImage, PreparedPortrait


@pytest.fixture(scope="module")
def preparer():
    return PortraitPreparer(HeadTemplate.load())


@pytest.fixture(scope="module")
def parser():
    return load_embedded_parser()


@pytest.fixture(scope="module")
def sample(preparer):
    image = load_image(resource_path("samples/astronaut.png"))
    return preparer.prepare(image, preparer.suggest_crop(image, preparer.detect(image)[0]))


@pytest.fixture(scope="module")
def parsing(parser, sample):
    return parser.parse(sample)


def middle(labels, label):
    """(x, y) of the middle of a class."""
    rows, columns = np.nonzero(labels == label)
    assert len(rows), Label(label).title
    return columns.mean(), rows.mean()


def test_scores_are_shares_of_the_19_classes(parsing, sample):
    assert parsing.scores.shape == (COUNT, sample.size, sample.size)
    assert parsing.scores.dtype == np.float32
    assert parsing.scores.min() >= 0
    np.testing.assert_allclose(parsing.scores.sum(0), 1, atol=1e-4)


def test_the_sample_has_its_parts_where_they_are(parsing):
    labels = parsing.labels
    at = {label: middle(labels, label) for label in (
        Label.HAIR, Label.FACE, Label.NOSE, Label.UPPER_LIP, Label.LOWER_LIP, Label.NECK,
        Label.CLOTH, Label.RIGHT_EYE, Label.LEFT_EYE, Label.RIGHT_BROW, Label.LEFT_BROW,
    )}  # fmt: skip
    downwards = [Label.RIGHT_BROW, Label.RIGHT_EYE, Label.NOSE, Label.UPPER_LIP, Label.LOWER_LIP]
    heights = [at[label][1] for label in [*downwards, Label.CLOTH]]
    assert heights == sorted(heights)
    assert at[Label.HAIR][1] < at[Label.FACE][1]
    # The person's left is on the right of the picture.
    assert at[Label.LEFT_EYE][0] > at[Label.NOSE][0] > at[Label.RIGHT_EYE][0]
    assert at[Label.LEFT_BROW][0] > at[Label.NOSE][0] > at[Label.RIGHT_BROW][0]


def test_eyes_nose_and_lips_lie_where_the_landmarks_are(parsing, sample):
    labels = parsing.labels
    hints = face_hints(sample.landmarks, sample.size, sample.size)
    for label, outline in zip(OUTLINES, hints, strict=True):
        if label in (Label.RIGHT_EYE, Label.LEFT_EYE, Label.NOSE, Label.UPPER_LIP, Label.LOWER_LIP):
            drawn, found = outline > 127, labels == label
            overlap = (drawn & found).sum() / (drawn | found).sum()
            assert overlap > 0.4, label.title


def test_face_and_hair_take_their_share_and_nothing_is_worn(parsing):
    shares = np.bincount(parsing.labels.ravel(), minlength=COUNT) / parsing.labels.size
    assert 0.05 < shares[Label.FACE] < 0.25
    assert 0.05 < shares[Label.HAIR] < 0.35
    assert shares[Label.GLASSES] + shares[Label.HAT] < 0.005


def test_the_map_has_no_specks(parsing):
    labels = parsing.labels
    for label in np.unique(labels):
        _, _, statistics, _ = cv2.connectedComponentsWithStats((labels == label).astype(np.uint8))
        smallest = statistics[1:, cv2.CC_STAT_AREA].min()
        assert smallest >= SMALLEST[Label(label)] * labels.size * 0.99, Label(label).title


def test_a_mirrored_picture_gives_the_mirrored_map(parser, preparer, sample, parsing):
    mirrored = LoadedImage(np.ascontiguousarray(sample.image[:, ::-1]), None, "mirrored")
    edge = sample.size
    portrait = preparer.prepare(mirrored, CropBox(edge / 2, edge / 2, float(edge)))
    labels = MIRRORED[parser.parse(portrait).labels[:, ::-1]]
    assert (labels == parsing.labels).mean() > 0.93
    for label in (Label.RIGHT_EYE, Label.LEFT_EYE, Label.RIGHT_BROW, Label.LEFT_BROW):
        away = np.hypot(*np.subtract(middle(labels, label), middle(parsing.labels, label)))
        assert away < 12, label.title


def test_the_same_portrait_gives_the_same_map_twice(parser, sample, parsing):
    np.testing.assert_array_equal(parser.parse(sample).labels, parsing.labels)


def test_without_landmarks_the_map_is_still_that_of_a_face(parser, sample):
    labels = parser.parse(dataclasses.replace(sample, landmarks=None)).labels
    assert (labels == Label.FACE).mean() > 0.05
    assert middle(labels, Label.HAIR)[1] < middle(labels, Label.FACE)[1]


def test_where_there_is_no_face_the_user_is_told_what_to_do(parser):
    wall = np.full((512, 512, 3), 0.45, np.float32)
    portrait = PreparedPortrait(
        wall, np.zeros((512, 512), np.float32), None, CropBox(256, 256, 512)
    )
    with pytest.raises(NoFaceError, match="move the crop"):
        parser.parse(portrait)


def test_grey_portraits_and_tiny_ones_are_parsed(parser, preparer, sample, parsing):
    grey = np.repeat(sample.image.mean(-1, keepdims=True), 3, axis=-1)
    labels = parser.parse(dataclasses.replace(sample, image=grey)).labels
    assert (labels == parsing.labels).mean() > 0.85
    step = 512 // 64
    tiny = np.ascontiguousarray(sample.image[::step, ::step])
    portrait = preparer.prepare(LoadedImage(tiny, None, "tiny"), CropBox(32, 32, 64.0))
    labels = parser.parse(portrait).labels
    assert labels.shape == (512, 512)
    assert (labels == Label.FACE).mean() > 0.04


def test_landmarks_far_beside_the_picture_break_nothing(parser, sample):
    wild = FaceLandmarks(np.random.default_rng(0).normal(0, 1e9, (468, 2)), 0.9)
    labels = parser.parse(dataclasses.replace(sample, landmarks=wild)).labels
    assert (labels == Label.FACE).mean() > 0.03


def scores_of(labels):
    """Sure scores of a map, with a little of face and cloth everywhere."""
    scores = np.where(np.arange(COUNT)[:, None, None] == labels, 0.9, 0.0).astype(np.float32)
    scores[Label.FACE] += 0.1
    scores[Label.CLOTH] += 0.05
    return scores / scores.sum(0)


def test_specks_become_what_lies_around_them_and_thin_things_stay():
    labels = np.full((512, 512), Label.FACE, np.uint8)
    labels[:100] = Label.HAIR
    labels[300:304, 300:304] = Label.HAIR
    labels[400, 100:400] = Label.NECKLACE
    cleaned = tidied(scores_of(labels), None).argmax(0)
    assert (cleaned[296:308, 296:308] == Label.FACE).all()
    assert (cleaned[400, 100:400] == Label.NECKLACE).all()
    assert (cleaned[:100] == Label.HAIR).all()


def test_what_no_face_has_is_taken_for_something_else():
    labels = np.full((512, 512), Label.CLOTH, np.uint8)
    labels[:300] = Label.FACE
    labels[:100] = Label.HAIR
    labels[150:160, 200:215] = Label.GLASSES  # a shadow, much less than glasses
    labels[400, 100:400] = Label.NECKLACE
    labels[440:480, 240:270] = Label.NECKLACE  # a tie
    labels[400:440, 20:60] = Label.HAIR  # on the shoulder, away from the head
    labels[460:480, 400:420] = Label.NECKLACE  # a button
    labels[430:440, 440:450] = Label.EARRING  # on the shoulder, too
    labels[:, 500:] = Label.BACKGROUND
    labels[480:500, 60:80] = Label.BACKGROUND  # a hole in the coat
    cleaned = tidied(scores_of(labels), None).argmax(0)
    assert not (cleaned == Label.GLASSES).any()
    assert (cleaned[400, 100:400] == Label.NECKLACE).all()
    assert (cleaned[440:480, 240:270] != Label.NECKLACE).all()
    assert (cleaned[400:440, 20:60] != Label.HAIR).all()
    assert (cleaned[460:480, 400:420] != Label.NECKLACE).all()
    assert not (cleaned == Label.EARRING).any()
    assert (cleaned[480:500, 60:80] != Label.BACKGROUND).all()
    assert (cleaned[:100, :500] == Label.HAIR).all()


def test_hands_have_no_features(sample):
    """What a network takes for eyes and lips on a hand would pull an edited face to it."""
    labels = np.full((512, 512), Label.FACE, np.uint8)
    labels[430:] = Label.CLOTH
    labels[450:500, 20:80] = Label.FACE  # a hand
    labels[460:472, 30:50] = Label.LEFT_EYE
    labels[480:490, 30:60] = Label.UPPER_LIP
    x, y = sample.landmarks.points[list(OUTLINES[Label.LEFT_EYE])].mean(0).astype(int)
    labels[y - 4 : y + 4, x - 10 : x + 10] = Label.LEFT_EYE  # smaller than the hand's
    cleaned = tidied(scores_of(labels), sample.landmarks).argmax(0)
    assert not np.isin(cleaned[440:], (Label.LEFT_EYE, Label.UPPER_LIP)).any()
    assert (cleaned[y - 4 : y + 4, x - 10 : x + 10] == Label.LEFT_EYE).all()


def test_light_brows_are_drawn_where_there_is_skin(sample):
    labels = np.full((512, 512), Label.FACE, np.uint8)
    hints = dict(zip(OUTLINES, face_hints(sample.landmarks, 512, 512) > 127, strict=True))
    right, left = (hints[brow] for brow in (Label.RIGHT_BROW, Label.LEFT_BROW))
    cleaned = tidied(scores_of(labels), sample.landmarks).argmax(0)
    assert (cleaned[right] == Label.RIGHT_BROW).all()
    assert (cleaned[left] == Label.LEFT_BROW).all()


def test_one_overlooked_brow_is_drawn_beside_the_other(sample):
    labels = np.full((512, 512), Label.FACE, np.uint8)
    hints = dict(zip(OUTLINES, face_hints(sample.landmarks, 512, 512) > 127, strict=True))
    labels[np.roll(hints[Label.LEFT_BROW], -2, axis=0)] = Label.LEFT_BROW
    cleaned = tidied(scores_of(labels), sample.landmarks).argmax(0)
    assert (cleaned[hints[Label.RIGHT_BROW]] == Label.RIGHT_BROW).all()
    np.testing.assert_array_equal(cleaned == Label.LEFT_BROW, labels == Label.LEFT_BROW)


@pytest.mark.parametrize("other", [Label.HAIR, Label.LEFT_BROW])
def test_no_brow_is_drawn_where_the_other_is_hidden_or_off(sample, other):
    labels = np.full((512, 512), Label.FACE, np.uint8)
    hints = dict(zip(OUTLINES, face_hints(sample.landmarks, 512, 512) > 127, strict=True))
    columns = np.arange(512) < sample.landmarks.points[:, 0].mean()
    if other == Label.HAIR:
        labels[:, ~columns] = Label.HAIR
    else:
        labels[np.roll(hints[Label.LEFT_BROW], -14, axis=0)] = Label.LEFT_BROW
    np.testing.assert_array_equal(tidied(scores_of(labels), sample.landmarks).argmax(0), labels)


def test_true_glasses_and_hair_on_both_sides_stay():
    labels = np.full((512, 512), Label.BACKGROUND, np.uint8)
    labels[100:400, 150:350] = Label.FACE
    labels[100:450, 100:150] = labels[100:450, 350:400] = Label.HAIR
    labels[200:230, 170:330] = Label.GLASSES
    np.testing.assert_array_equal(tidied(scores_of(labels), None).argmax(0), labels)


@pytest.mark.parametrize(("wider", "worn"), [(5, False), (41, True)])
def test_eyes_and_their_lids_are_no_glasses(sample, wider, worn):
    hints = dict(zip(OUTLINES, face_hints(sample.landmarks, 512, 512) > 127, strict=True))
    eyes = {label: hints[label] for label in (Label.RIGHT_EYE, Label.LEFT_EYE)}
    labels = np.full((512, 512), Label.FACE, np.uint8)
    grown = cv2.dilate(sum(eyes.values()).astype(np.uint8), np.ones((wider, wider))) > 0
    labels[grown] = Label.GLASSES
    assert labels[grown].size > 0.003 * labels.size  # not to be told from glasses by their size
    cleaned = tidied(scores_of(labels), sample.landmarks).argmax(0)
    if worn:
        np.testing.assert_array_equal(cleaned == Label.GLASSES, grown)
        return
    assert not (cleaned == Label.GLASSES).any()
    for label, outline in eyes.items():
        assert (cleaned[outline] == label).all(), label.title
    assert not np.isin(cleaned[grown & ~sum(eyes.values())], list(eyes)).any()


def test_an_eye_is_wholly_that_of_its_side(sample):
    labels = np.full((512, 512), Label.FACE, np.uint8)
    points = sample.landmarks.points
    boxes = {}
    for label in (Label.RIGHT_EYE, Label.LEFT_EYE):
        x, y = points[list(OUTLINES[label])].mean(0).astype(int)
        boxes[label] = (slice(y - 10, y + 10), slice(x - 20, x + 20))
    rows, columns = boxes[Label.RIGHT_EYE]
    labels[rows, columns] = Label.RIGHT_EYE
    labels[rows, columns.start : columns.start + 12] = Label.LEFT_EYE  # partly mistaken
    labels[boxes[Label.LEFT_EYE]] = Label.RIGHT_EYE  # wholly mistaken
    cleaned = tidied(scores_of(labels), sample.landmarks).argmax(0)
    for label, box in boxes.items():
        assert (cleaned[box] == label).all(), label.title


def test_hints_cover_the_features_and_are_empty_without_landmarks(sample):
    hints = face_hints(sample.landmarks, sample.size, 256)
    assert hints.shape == (len(OUTLINES), 256, 256)
    assert (hints > 127).sum((1, 2)).min() > 10
    oval = hints[list(OUTLINES).index(Label.FACE)] > 127
    for plane in hints:
        assert ((plane > 127) & ~oval).sum() <= 0.02 * (plane > 127).sum()
    assert not face_hints(None, 512, 256).any()


def test_weights_survive_being_written_and_read(tmp_path):
    torch.manual_seed(0)
    network = ParserNetwork(ParserConfig(token_width=8, widths=(4, 4, 4), fused=8, joined=(4, 4)))
    save_parser(tmp_path / "parser.safetensors", network, "a test", "CC0-1.0")
    again = load_parser_network(tmp_path / "parser.safetensors")
    assert again.config == network.config
    for name, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, atol=1e-3, rtol=1e-3)


def damaged_files(folder):
    good = resource_path(EMBEDDED_PARSER)
    content = good.read_bytes()
    cut = folder / "cut.safetensors"
    cut.write_bytes(content[: len(content) // 2])
    text = folder / "text.safetensors"
    text.write_text("no weights")
    bare = folder / "bare.safetensors"
    save_file(load_file(good), bare)
    infinite = folder / "infinite.safetensors"
    network = load_parser_network(good)
    network.classify.bias.data[3] = float("inf")
    save_parser(infinite, network, "a test", "CC0-1.0")
    huge = folder / "huge.safetensors"
    wide = content.replace(b'\\"token_width\\": 160', b'\\"token_width\\": 999')
    assert wide != content
    huge.write_bytes(wide)
    return [cut, text, bare, infinite, huge, folder / "missing.safetensors", folder]


def test_damaged_weights_are_refused_in_one_sentence(tmp_path):
    for path in damaged_files(tmp_path):
        with pytest.raises(InvalidModelError) as caught:
            load_parser_network(path)
        assert str(caught.value).count("\n") == 0
