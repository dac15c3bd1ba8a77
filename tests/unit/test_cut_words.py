"""Which prompts are about how hair is cut, so that a hint says where that is decided."""

import pytest

from desktop.style.vocabulary import suggestions
from inference.editing.cut_words import names_a_cut


@pytest.mark.parametrize(
    "prompt",
    [
        "a bald head",
        "Bald",
        "an old man, balding",
        "no hair",
        "a shaved head",
        "long red hair",
        "Long, red hair",
        "very short hair",
        "longer hair",
        "long-haired",
        "a short-haired woman",
        "long dark curls",
        "hair cut short",
        "red hair, cut short",
        "long and wavy hair",
        "long flowing hair",
        "a woman with long hair",
        "her hair is long",
        "long and wavy",
        "short",
        "a blond bob",
        "hair with a fringe",
        "bangs",
        "a bun",
        "grey hair in a ponytail",
        "an afro",
        "a buzz cut",
        "a crew cut",
        "crew-cut",
        "shoulder-length hair",
        "hair down to the shoulders",
        "hair swept back",
        "hair tied back",
        "grey hair combed tightly back",
        "a top knot",
        "hair parted at the side",
        "a side parting",
        "cropped grey hair",
        "long hair and a short beard",
        "a short beard, long hair",
        "medium-length hair",
        "a new haircut",
    ],
)
def test_prompts_about_cut_or_length(prompt):
    assert names_a_cut(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "grey curly hair",
        "straight black hair",
        "a short beard",
        "a long white beard",
        "red hair and a short beard",
        "red hair, a long beard",
        "short stubble",
        "a trimmed moustache",
        "clean-shaven",
        "short facial hair",
        "long eyelashes",
        "a long face",
        "a long straight nose",
        "a short man",
        "a long red scarf",
        "a long scarf and red hair",
        "red hair and a long scarf",
        "red hair and a short",
        "a man in a long coat with grey hair",
        "a short-sleeved shirt",
        "parted lips",
        "an Afro-American woman",
        "bubbles of soap",
        "light from the left",
        "cropped beard",
    ],
)
def test_prompts_about_something_else(prompt):
    assert not names_a_cut(prompt)


def test_nothing_is_suggested_that_a_style_cannot_do():
    assert not [words for words in suggestions() if names_a_cut(words)]
