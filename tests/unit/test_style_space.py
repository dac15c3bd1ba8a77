"""The embedded style space: words and pictures that mean the same lie together."""

import numpy as np
import pytest
import torch

from inference.errors import UsageError
from inference.features.embedded_style import load_embedded_style
from inference.features.style_blocks import BLOCKS, WIDTH, completed, emphasised, said
from inference.features.style_features import on_backdrop

NAMES = [block.name for block in BLOCKS]


@pytest.fixture(scope="module")
def style():
    return load_embedded_style()


def words(style, *texts):
    return style.embed_texts(texts).numpy()


def test_vectors_have_unit_length_and_mean_the_same_every_time(style):
    first = words(style, "grey curly hair", "a blond woman with blue eyes")
    again = words(style, "a blond woman with blue eyes")
    assert first.shape == (2, WIDTH)
    assert first.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(first[1], again[0], atol=1e-6)


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("blond hair", "golden hair", "black hair"),
        ("grey hair", "silver hair", "red hair"),
        ("very dark skin", "ebony skin", "pale skin"),
        ("an old man", "an elderly man", "a young man"),
        ("a full beard", "a bushy beard", "clean-shaven"),
        ("curly hair", "frizzy hair", "straight hair"),
    ],
)
def test_synonyms_lie_closer_than_opposites(style, one, same, other):
    a, b, c = words(style, one, same, other)
    assert a @ b > a @ c + 0.2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("grey hair", {"hair colour"}),
        ("grey curly hair", {"hair colour", "hair kind"}),
        ("a middle-aged man", {"age", "sex"}),
        ("green eyes", {"eyes"}),
        ("very dark skin", {"skin"}),
        ("a full beard", {"beard"}),
        ("light from the left", {"light"}),
    ],
)
def test_a_prompt_says_what_it_leaves_open(style, text, named):
    sure = dict(zip(NAMES, said(words(style, text)[0]), strict=True))
    assert all(sure[name] > 0.8 for name in named)
    assert all(sure[name] < 0.35 for name in set(NAMES) - named)


def alike(one, other, name):
    block = BLOCKS[NAMES.index(name)]
    parts = [completed(vector)[block.where] / block.weight for vector in (one, other)]
    return float(parts[0] @ parts[1])


@pytest.mark.parametrize("text", ["an old man", "an elderly woman", "grandmother", "older"])
def test_the_old_are_grey_unless_their_hair_is_said(style, text):
    old, dyed, grey = words(style, text, f"{text} with black hair", "grey hair")
    assert alike(old, grey, "hair colour") > 0.95
    assert alike(dyed, grey, "hair colour") < 0.3


@pytest.mark.parametrize("text", ["a woman", "a girl", "a little boy", "a child"])
def test_women_and_children_have_no_beard_unless_it_is_said(style, text):
    plain, bearded, shaven = words(style, text, f"{text} with a full beard", "clean-shaven")
    assert alike(plain, shaven, "beard") > 0.95
    assert alike(bearded, shaven, "beard") < 0.3


@pytest.mark.parametrize("text", ["a man", "a young person", "a person in the fifties"])
def test_of_others_hair_and_beard_stay_open(style, text):
    sure = dict(zip(NAMES, said(words(style, text)[0]), strict=True))
    assert sure["hair colour"] < 0.35
    assert sure["beard"] < 0.35


@pytest.mark.parametrize("side", ["left", "right"])
def test_strong_light_from_a_side_is_said_as_clearly_as_any(style, side):
    strong, any_light, other = words(
        style,
        f"strong light from the {side}",
        f"light from the {side}",
        f"light from the {'right' if side == 'left' else 'left'}",
    )
    assert alike(strong, any_light, "light") > 0.8
    assert alike(strong, other, "light") < alike(strong, any_light, "light") - 0.4


def test_what_is_left_open_comes_from_another_style(style):
    prompt, person = words(style, "grey hair", "a young black-haired woman with dark brown skin")
    made = completed(prompt, person)
    own = completed(person)
    for block in BLOCKS:
        alike = made[block.where] @ own[block.where] / block.weight**2
        if block.name == "hair colour":
            assert alike < 0.7
            assert made[block.where] @ completed(prompt)[block.where] > 0.9 * block.weight**2
        elif said(person)[NAMES.index(block.name)] == 1:
            assert alike > 0.9


def test_an_empty_prompt_is_refused(style):
    for text in ("", "  ", "...", "123"):
        with pytest.raises(UsageError, match="for example"):
            style.embed_texts([text])


def test_what_is_behind_a_person_does_not_count(style):
    rng = np.random.default_rng(0)
    picture = torch.from_numpy(rng.random((1, 3, 224, 224), np.float32) * 0.2 + 0.6)
    alpha = torch.zeros(1, 224, 224)
    alpha[:, 56:, 56:168] = 1
    other = picture.clone()
    other[:, :, :56] = 0.1
    first, second = (style.embed_images(on_backdrop(p, alpha)) for p in (picture, other))
    torch.testing.assert_close(first, second)
    assert first.shape == (1, WIDTH)
    assert float(first.norm()) == pytest.approx(1, abs=1e-4)


def test_a_picture_without_foreground_still_has_a_style(style):
    vector = style.embed_images(torch.full((1, 3, 64, 64), 0.5))
    assert torch.isfinite(vector).all()


def test_what_seldom_goes_together_can_be_said_together(style):
    both, hair, skin = words(style, "blond hair and very dark skin", "blond hair", "very dark skin")
    made = completed(both)
    for name, alone in (("hair colour", hair), ("skin", skin)):
        block = BLOCKS[NAMES.index(name)]
        assert made[block.where] @ completed(alone)[block.where] > 0.95 * block.weight**2


def test_words_say_what_they_name_louder_and_pictures_nothing():
    rng = np.random.default_rng(5)
    picture = completed(rng.normal(size=WIDTH).astype(np.float32))
    hair = BLOCKS[0].where
    words = np.zeros(WIDTH, np.float32)
    words[hair] = rng.normal(size=BLOCKS[0].width)
    look = completed(words, picture)
    louder = emphasised(look, words)
    assert np.linalg.norm(louder[hair]) > 1.2 * np.linalg.norm(look[hair])
    np.testing.assert_allclose(np.delete(louder, hair), np.delete(look, hair))
    np.testing.assert_allclose(emphasised(picture, picture), picture, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "aspect", "phrase"),
    [
        ("long red wavy hair and a beard", "hair colour", "long red wavy hair"),
        ("a man with long red wavy hair and a beard", "hair colour", "long red wavy hair"),
        ("a woman with an afro and a yellow sweater in warm light", "clothes", "a yellow sweater"),
    ],
)
def test_a_long_description_drowns_no_phrase_that_names_its_subject(style, text, aspect, phrase):
    where = BLOCKS[NAMES.index(aspect)].where
    whole, part = (completed(vector)[where] for vector in words(style, text, phrase))
    assert np.linalg.norm(part) > 0.1
    np.testing.assert_allclose(whole, part, atol=0.02)


def test_a_colour_alone_is_what_the_description_says_that_it_is(style):
    (vector,) = words(style, "short, grey, curly hair")
    sure = dict(zip(NAMES, said(vector), strict=True))
    assert sure["hair colour"] > 0.9
    assert sure["eyes"] < 0.1
