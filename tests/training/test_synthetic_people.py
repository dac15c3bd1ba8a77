"""Who is made from the seeds, and what is said about them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.synthetic.beard import sample_beard
from training.synthetic.captions import captions
from training.synthetic.cloth import NECKLINES
from training.synthetic.glasses import FRAMES, sample_glasses
from training.synthetic.hair_styles import HAIR_COLOURS, STYLES
from training.synthetic.hats import HATS
from training.synthetic.head import make_head
from training.synthetic.jewellery import EARRINGS, NECKLACES
from training.synthetic.reserved import FIRST_HELD_OUT_SEED, RESERVED_HAIR_STYLES
from training.synthetic.traits import choose_style, sample_traits
from training.synthetic.wardrobe import sample_wardrobe
from training.synthetic.words import age_group, hair_length, years

PEOPLE = 300


def _maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), strategy)


@st.composite
def _attributes(draw: st.DrawFn) -> dict[str, object]:
    age = draw(st.floats(0.15, 0.95))
    style = draw(st.sampled_from(STYLES))
    metal = st.sampled_from(["gold", "silver"])
    sex = draw(st.sampled_from(["man", "woman"]))
    beards = ["none", "stubble", "moustache", "full"] if sex == "man" else ["none"]
    return {
        "sex": sex,
        "years": years(age),
        "age_group": age_group(age),
        "expression": draw(st.sampled_from(["neutral", "smile", "frown", "talking"])),
        "hair": style.name,
        "hair_length": hair_length(style.lengths),
        "hair_colour": draw(st.sampled_from(list(HAIR_COLOURS))),
        "eyes": draw(st.sampled_from(["brown", "blue"])),
        "beard": draw(st.sampled_from(beards)),
        "skin": draw(st.sampled_from(["very light", "tanned", "very dark"])),
        "glasses": draw(
            _maybe(
                st.fixed_dictionaries(
                    {
                        "frame": st.sampled_from([f.name for f in FRAMES]),
                        "colour": st.sampled_from(["black", "gold"]),
                        "lenses": st.sampled_from(["clear", "dark grey"]),
                    }
                )
            )
        ),
        "hat": draw(
            _maybe(
                st.fixed_dictionaries(
                    {"kind": st.sampled_from(HATS), "colour": st.sampled_from(["red", "black"])}
                )
            )
        ),
        "earrings": draw(
            _maybe(st.fixed_dictionaries({"kind": st.sampled_from(EARRINGS), "metal": metal}))
        ),
        "necklace": draw(
            _maybe(st.fixed_dictionaries({"kind": st.sampled_from(NECKLACES), "metal": metal}))
        ),
        "clothes": {
            "neckline": draw(st.sampled_from(NECKLINES)),
            "colour": "blue",
            "pattern": draw(st.sampled_from(["plain", "striped"])),
        },
        "light_from": "soft, even light",
    }


@given(_attributes())
def test_captions_differ_and_say_what_is_there(attributes):
    found = captions(attributes)
    assert len(set(found)) == len(found) >= 5
    child = attributes["age_group"] == "child"
    man = attributes["sex"] == "man"
    person = ("boy" if man else "girl") if child else attributes["sex"]
    for caption in found:
        words = caption.lower().replace(",", " ").replace(".", " ").replace(":", " ").split()
        assert person in words
        assert not {"man", "woman", "boy", "girl"} - {person} & set(words)
        assert ("bald" in words) == (attributes["hair_length"] == "none")
        if attributes["hair_length"] != "none":
            assert attributes["hair_colour"] in caption
        assert ("beanie" in words or "brim hat" in caption) == bool(attributes["hat"])
        eyewear = {"glasses", "sunglasses"} & set(words)
        assert bool(eyewear) == bool(attributes["glasses"])
        if eyewear:
            assert ("sunglasses" in eyewear) == (attributes["glasses"]["lenses"] != "clear")
        assert any(kind in words for kind in EARRINGS) == bool(attributes["earrings"])
        assert ("necklace" in words) == bool(attributes["necklace"])
        hairy = {"stubble": "stubble", "moustache": "moustache", "full": "full beard"}
        beard = hairy.get(str(attributes["beard"]))
        assert beard is None or beard in caption
        assert beard is not None or not {"beard", "stubble", "moustache"} & set(words)
        assert "  " not in caption
        assert "{" not in caption
    assert any(attributes["skin"] in c for c in found)
    assert any("blue" in c or "brown" in c for c in found)
    assert any("light" in c for c in found)


@pytest.mark.parametrize("seed", [0, 5, 18])
def test_a_heads_attributes_are_what_it_is_made_from(assets, seed):
    head = make_head(seed, assets)
    attributes = head.attributes()
    assert len(set(captions(attributes))) >= 5
    assert attributes["sex"] == ("man" if head.person.male > 0.5 else "woman")
    assert attributes["beard"] == head.facial.beard.kind
    assert bool(attributes["hat"]) == any(t.label == 16 for t in head.accessories)
    assert bool(attributes["glasses"]) == any(t.label == 15 for t in head.accessories)
    assert bool(attributes["earrings"]) == any(t.label == 17 for t in head.accessories)
    assert bool(attributes["necklace"]) == any(t.label == 18 for t in head.accessories)


def test_sex_age_skin_and_hair_are_evenly_spread():
    people = [sample_traits(seed) for seed in range(PEOPLE)]
    assert abs(np.mean([p.male > 0.5 for p in people]) - 0.5) < 0.03
    tones, _ = np.histogram([p.skin_tone for p in people], 5, (0, 4.9))
    assert tones.min() > 0.8 * PEOPLE / 5
    ages, _ = np.histogram([p.age for p in people if p.age > 0.32], 4, (0.33, 0.95))
    assert ages.min() > 0.8 * ages.sum() / 4
    for dark in (False, True):  # no tone is one sex only
        same = [p.male > 0.5 for p in people if (p.skin_tone > 2.45) == dark]
        assert abs(np.mean(same) - 0.5) < 0.08
    styles = Counter(choose_style(seed, p).name for seed, p in enumerate(people))
    worn = [style.name for style in STYLES if style.name not in RESERVED_HAIR_STYLES]
    assert min(styles[name] for name in worn) > 0.4 * PEOPLE / len(worn)


def test_reserved_hair_is_worn_by_held_out_heads_only():
    seeds = range(FIRST_HELD_OUT_SEED, FIRST_HELD_OUT_SEED + PEOPLE)
    held_out = {choose_style(seed, sample_traits(seed)).name for seed in seeds}
    trained = {choose_style(seed, sample_traits(seed)).name for seed in range(PEOPLE)}
    assert set(RESERVED_HAIR_STYLES) <= held_out
    assert not set(RESERVED_HAIR_STYLES) & trained


def test_women_wear_no_beards_and_men_no_cat_eyes():
    rng = np.random.default_rng(0)
    for _ in range(40):
        assert sample_beard(rng, 0.1, 0.5, np.full(3, 0.1)).kind == "none"
        assert sample_glasses(rng, 0.9).frame.name != "cat-eye"
    worn = [sample_wardrobe(rng, 0.2) for _ in range(200)]
    for things in ("glasses", "hat", "earrings", "necklace"):
        share = np.mean([getattr(w, things) is not None for w in worn])
        assert 0.05 < share < 0.6, things
