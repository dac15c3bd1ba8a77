"""What is true of a head with the map of one and the style of another, and how it is kept."""

import json

import numpy as np
import pytest

from inference.editing.network import EditingNetwork
from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from training.edited_cache import style_of_palette, style_sources, tags_of_edit
from training.editing.palette import PARTS
from training.styles.data import StyleData
from training.synthetic.style_words import CUT, SAYABLE

PALETTE = 40


def tags(**known):
    """All aspects, empty where nothing is said."""
    said = {name.replace("_", " "): frozenset(values) for name, values in known.items()}
    return {aspect: said.get(aspect, frozenset()) for aspect in SAYABLE}


def map_with(*labels):
    drawn = np.full((64, 64), Label.FACE, np.uint8)
    for number, label in enumerate(labels):
        drawn[10 * number : 10 * number + 8] = label
    return drawn


SHAPE = tags(
    hair_cut=["bob"], hair_kind=["straight"], hair_colour=["black"], age=["old"], worn=["hat red"]
)
STYLE = tags(
    hair_cut=["afro"],
    hair_kind=["curly"],
    hair_colour=["red"],
    age=["young"],
    worn=["metal", "sunglasses"],
)


def test_a_cut_is_the_map_s_and_curls_are_the_style_s():
    found = tags_of_edit(SHAPE, STYLE, map_with(Label.HAIR, Label.GLASSES))
    assert found[CUT] == {"bob"}
    assert found["hair kind"] == {"curly"}
    assert found["hair colour"] == {"red"}
    assert found["age"] == {"young"}
    assert found["worn"] == {"metal", "sunglasses"}


def test_without_hair_on_the_map_nothing_is_said_of_it():
    found = tags_of_edit(tags(hair_cut=["bald"]), STYLE, map_with(Label.GLASSES))
    assert found["hair colour"] == frozenset()
    assert found[CUT] == {"bald"}
    assert found["hair kind"] == frozenset()
    hidden = tags_of_edit(SHAPE, STYLE, map_with(Label.HAT))
    assert hidden["hair kind"] == frozenset()


@pytest.mark.parametrize("worn", ["sunglasses", "metal", "glasses red"])
def test_what_the_map_does_not_show_is_not_worn(worn):
    style = tags(worn=[worn, "hat blue"])
    assert tags_of_edit(SHAPE, style, map_with(Label.HAIR))["worn"] == frozenset()
    assert tags_of_edit(SHAPE, style, map_with(Label.GLASSES))["worn"] == {worn}
    assert tags_of_edit(SHAPE, style, map_with(Label.HAT))["worn"] == {"hat blue"}


def test_the_tags_of_the_heads_themselves_stay_as_they_are():
    before = dict(SHAPE), dict(STYLE)
    tags_of_edit(SHAPE, STYLE, map_with())
    assert before == (SHAPE, STYLE)


def test_the_editing_model_reads_the_palette_that_was_meant():
    weight, bias = EditingNetwork(HeadTemplate.load()).palette_of_styles
    rng = np.random.default_rng(0)
    usual = rng.uniform(0, 1, PALETTE).astype(np.float32)
    numbers = rng.uniform(0, 1, PALETTE).astype(np.float32)
    numbers[[21, 22, 23, 39]] = np.nan  # no glasses
    style = style_of_palette(weight, bias, numbers, usual)
    wanted = np.where(np.isnan(numbers), usual, numbers)
    np.testing.assert_allclose(weight @ style + bias, wanted, atol=1e-3)


def attributes(hair, colour):
    return {
        **{"sex": "woman", "male": 0.1, "years": 40, "age_group": "middle-aged", "hair": hair},
        **{"hair_length": "short", "hair_colour": colour, "eyes": "blue", "beard": "none"},
        **{"skin": "light", "skin_tone": [0.4, 0.3, 0.2], "glasses": None, "hat": None},
        **{"clothes": {"colour": "blue"}, "light_from": "soft light from the left"},
    }


def write_cached(folder, number, hair, colour, own=None):
    """A head as training.style_cache keeps it; with `own` tags an edit."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(number)
    extra = {} if own is None else {"tags": json.dumps({a: sorted(v) for a, v in own.items()})}
    np.savez(
        folder / f"head_{number:06d}.npz",
        overall=rng.random((1, 384)).astype(np.float16),
        cells=rng.random((1, 16, 16, 769)).astype(np.float16),
        colours=rng.random((1, 16, 16, 4)).astype(np.float16),
        light=np.ones((1, 4), np.float32),
        palette=rng.uniform(0.1, 0.9, (len(PARTS), 3)).astype(np.float32),
        attributes=json.dumps(attributes(hair, colour)),
        **extra,
    )


def test_heads_and_edits_are_learned_from_together(tmp_path):
    write_cached(tmp_path / "heads", 0, "bob", "black")
    write_cached(tmp_path / "heads", 1, "curly", "red")
    own = tags(hair_cut=["bob"], hair_kind=["curly"], hair_colour=["red"])
    write_cached(tmp_path / "edits", 0, "curly", "red", own)
    heads, edits = StyleData.load(tmp_path / "heads"), StyleData.load(tmp_path / "edits")
    assert edits.tags == [own]  # not those that its attributes would give
    both = heads.joined(edits)
    assert both.head.tolist() == [0, 1, 2]
    assert both.tags == [*heads.tags, own]
    np.testing.assert_array_equal(both.has, np.concatenate([heads.has, edits.has]))
    np.testing.assert_array_equal(both.palette[2], edits.palette[0])
    np.testing.assert_array_equal(
        both.features(np.array([2])).overall, edits.features(np.array([0])).overall
    )
    assert len(both.people) == 3
    sources = style_sources(tmp_path / "heads")
    assert [source.tags for source in sources] == heads.tags
    assert sources[1].numbers.shape == (PALETTE,)
