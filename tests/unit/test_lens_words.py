"""Which prompts say dark lenses, which clear ones, and which say nothing of glasses."""

import pytest

from inference.editing.lens_words import lenses_in_words


@pytest.mark.parametrize(
    "prompt",
    [
        "sunglasses",
        "Sunglasses",
        "sun glasses",
        "an old man with black sunglasses",
        "red hair, sunglasses",
        "dark glasses",
        "dark round glasses",
        "dark, stylish sunglasses",
        "dark and stylish glasses",
        "tinted glasses",
        "mirrored glasses",
        "polarised eyeglasses",
        "dark specs",
        "shades",
        "a man in shades",
        "cool shades",
        "a pair of shades",
        "aviators",
        "Ray-Bans",
        "glasses with dark lenses",
        "glasses with black lenses",
        "glasses with dark brown lenses",
        "round glasses, tinted lenses",
        "glasses with a dark tint",
        "glasses that are tinted",
        "the lenses are black",
        "clear-framed sunglasses",
        "dark-rimmed sunglasses",
        "dark-tinted glasses",
        "round glasses, sunglasses",  # what is named last counts
        "clear glasses, sunglasses",
        "no sunglasses, sunglasses",
        "a clean-shaven man without a hat, sunglasses",
        "no beard and sunglasses",
        "sunglasses instead of glasses",
    ],
)
def test_prompts_that_say_dark_lenses(prompt):
    assert lenses_in_words(prompt) is True


@pytest.mark.parametrize(
    "prompt",
    [
        "glasses",
        "with glasses",
        "a man wearing glasses",
        "a woman, Glasses",
        "round glasses",
        "reading glasses",
        "spectacles",
        "eye glasses",
        "an old bespectacled man",
        "clear glasses",
        "clear lenses",
        "glasses with clear lenses",
        "glasses with transparent lenses",
        "untinted glasses",
        "non-tinted glasses",
        "black glasses",  # those are frames
        "brown round glasses",
        "dark brown glasses",
        "dark tortoiseshell glasses",
        "dark-rimmed glasses",
        "thick black-framed glasses",
        "glasses with dark frames",
        "glasses with black rims",
        "dark glasses frames",
        "dark hair and glasses",
        "a dark-haired man with glasses",
        "dark skin, glasses",
        "dark hair glasses",
        "glasses dark hair",
        "a dark man wearing glasses",
        "a tanned woman in glasses",
        "glasses and hair in warm shades",
        "glasses, no sunglasses",
        "not sunglasses but glasses",
        "glasses instead of sunglasses",
        "dark glasses, clear lenses",
    ],
)
def test_prompts_that_say_clear_lenses(prompt):
    assert lenses_in_words(prompt) is False


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "grey curly hair",
        "a dark man",
        "strong light from the sun",
        "no glasses",
        "without glasses",
        "without her dark glasses",
        "no sunglasses",
        "no hat or glasses",
        "a man not wearing glasses",
        "she doesn't wear glasses",
        "hair in shades of red",
        "hair in warm shades",
        "shades of grey",
        "wine glasses",
        "blue contact lenses",
        "glassy eyes",
        "clear skin",
    ],
)
def test_prompts_that_say_nothing_of_lenses(prompt):
    assert lenses_in_words(prompt) is None
