"""What people call the aspects of a look: tags of a head, and the wordings that mean a tag.

One aspect is one block of the embedded style space (inference.features.style_blocks), but for how
hair is cut, which is geometry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.synthetic.lighting import LUMINANCE

STYLE_TAGS = {
    "buzz cut": ("straight", "buzz", "short"),
    "crew cut": ("straight", "buzz", "short"),
    "short side part": ("straight", "parted", "short"),
    "swept back": ("straight", "swept", "short"),
    "tight back": ("straight", "tied"),
    "bun": ("straight", "bun", "tied"),
    "ponytail": ("straight", "ponytail", "tied"),
    "short tousled": ("messy", "short"),
    "bob": ("straight", "bob"),
    "long straight": ("straight", "long"),
    "long wavy": ("wavy", "long"),
    "fringe": ("straight", "fringe"),
    "curly": ("curly",),
    "short curly": ("curly", "short"),
    "afro": ("curly", "afro"),
}
"""Kind and cut of the generator's hair styles; tousled hair is of no kind."""


@dataclass(frozen=True)
class Wording:
    """Words that mean a tag.

    Attributes:
        tag: what they mean.
        words: any of them says it; "{hair}" stands for "hair" with its colour if that is said.
        parts: tags that it says at once; empty if it is one of its own.
    """

    tag: str
    words: tuple[str, ...]
    parts: tuple[str, ...] = ()


def _table(rows: dict[str, str]) -> tuple[Wording, ...]:
    return tuple(Wording(tag, tuple(words.split("; "))) for tag, words in rows.items())


HAIR_COLOUR = _table(
    {
        "black": "black; jet-black; jet black; raven; raven-black; pitch-black; ebony; very dark",
        "dark brown": "dark brown; deep brown; brunette; chocolate; espresso; dark brunette; dark",
        "brown": "brown; chestnut; brunette; medium brown; mahogany; hazelnut",
        "light brown": "light brown; caramel; mousy; dark blond; dark blonde; honey brown; sandy",
        "blond": "blond; blonde; golden; fair; flaxen; straw-coloured; honey blonde; yellow",
        "red": "red; ginger; auburn; copper; orange; red-brown; strawberry; fiery red",
        "grey": "grey; gray; silver; greying; salt-and-pepper; ash grey; steel grey; silvery",
        "white": "white; snow-white; platinum; white as snow; bleached white; hoary; ivory",
    }
)

HAIR_KIND = _table(
    {
        "straight": "straight {hair}; sleek {hair}; smooth {hair}; sleek straight {hair}; "
        "{hair}, straight; flat {hair}",
        "wavy": "wavy {hair}; {hair} in waves; softly waving {hair}; {hair}, wavy",
        "curly": "curly {hair}; {c} curls; frizzy {hair}; {hair} in ringlets; curls; "
        "{hair}, curly; very curly {hair}; a curly {c} mop; kinky {hair}; coily {hair}",
    }
)

HAIR_CUT = _table(
    {
        "bald": "bald; a bald head; no hair; hairless; a shaved head; bald-headed; completely bald",
        "buzz": "a {c} buzz cut; cropped {hair}; very short {hair}; shaved {hair}; a {c} crew cut; "
        "a {c} military haircut; buzzed {hair}",
        "short": "short {hair}; a short {c} haircut; short-cut {hair}; neat short {hair}",
        "afro": "a {c} afro; an afro hairstyle; a round {c} afro",
        "long": "long {hair}; long flowing {hair}; shoulder-length {hair}; very long {hair}",
        "bob": "a {c} bob; chin-length {hair}; a {c} bob cut; a pageboy haircut",
        "fringe": "{hair} with a fringe; {hair} with bangs; bangs; a fringe",
        "messy": "messy {hair}; tousled {hair}; unruly {hair}; ruffled {hair}; wild {hair}",
        "parted": "{hair} parted at the side; a side parting; neatly combed {hair}",
        "swept": "{hair} swept back; slicked-back {hair}; {hair} combed back",
        "tied": "{hair} tied back; {hair} pulled back; {hair} combed tightly back",
        "bun": "a {c} bun; {hair} in a bun; a top knot; {hair} in an updo",
        "ponytail": "a {c} ponytail; {hair} in a ponytail",
    }
)
"""What the face map decides and no style: prompts may say it, and no block listens."""

SKIN = _table(
    {
        "very light": "very light; pale; very fair; porcelain; very pale; white; ivory; fair",
        "light": "light; fair; light-toned; bright; rosy",
        "tanned": "tanned; olive; sun-kissed; light brown; golden; bronzed; suntanned; tan; beige",
        "brown": "brown; medium brown; caramel; medium dark; bronze",
        "dark brown": "dark brown; dark; deep brown; chocolate; black; swarthy",
        "very dark": "very dark; deep black; ebony; black; jet-dark; extremely dark; dark",
    }
)

AGE = _table(
    {
        "child": "child; kid; little; very young; small child; childlike",
        "teenage": "teenage; adolescent; teen; youthful; in the teens",
        "young": "young; in the twenties; youthful; about thirty years old; smooth-faced",
        "middle-aged": "middle-aged; in the forties; mature; about fifty years old; middle aged",
        "old": "old; elderly; aged; senior; very old; wrinkled; ancient; in the seventies",
    }
)

SEX = _table(
    {
        "man": "man; male; guy; gentleman; masculine; he; bloke; husband; father",
        "woman": "woman; female; lady; feminine; she; gal; wife; mother",
    }
)
CHILD_WORDS = {"man": ("boy", "young boy", "lad"), "woman": ("girl", "young girl", "little girl")}
OLD_WORDS = {"man": ("grandfather", "old man"), "woman": ("grandmother", "old lady", "granny")}

BEARD = _table(
    {
        "none": "clean-shaven; no beard; a smooth chin; beardless; without a beard; a shaved face",
        "stubble": "stubble; a five o'clock shadow; unshaven; a shadow of a beard; a stubbly chin; "
        "designer stubble; a three-day beard",
        "moustache": "a moustache; a mustache; a handlebar moustache; moustached",
        "goatee": "a goatee; a chin beard; a goatee beard",
        "short": "a short beard; a trimmed beard; a neat beard; a close-cropped beard",
        "full": "a full beard; a bushy beard; a thick beard; a long beard; a big beard",
        "beard": "a beard; bearded; with a beard; facial hair",
    }
)

EYES = _table(
    {
        "dark brown": "dark brown; dark; black; almost black",
        "brown": "brown; chestnut; amber; warm brown",
        "blue": "blue; sky-blue; light blue; azure; ice-blue; bright blue",
        "green": "green; emerald; olive green; sea-green",
        "hazel": "hazel; greenish brown; golden brown; light brown",
        "grey": "grey; gray; steel-grey; silver",
    }
)

_FROM = _table(
    {
        "left": "light from the left; lit from the left; left-side lighting; a lamp on the left; "
        "shadow on the right side",
        "right": "light from the right; lit from the right; right-side lighting; "
        "a lamp on the right; shadow on the left side",
        "front": "light from the front; frontal light; lit from the front; flash light",
        "above": "light from above; lit from above; top light; overhead light",
    }
)
_QUALITY = _table(
    {
        "soft": "soft light; diffuse light; even light; gentle light; overcast light",
        "strong": "strong light; hard light; harsh light; dramatic light; high contrast",
    }
)
_EXPOSURE = _table(
    {
        "dim": "dim light; a dark picture; low light; gloomy light; underexposed; deep shadow",
        "bright": "bright light; a bright picture; well lit; bright; brightly lit; overexposed",
    }
)


def _both(quality: Wording, side: Wording) -> Wording:
    """A quality and a side in one breath."""
    adjectives = [w.removesuffix(" light") for w in quality.words if w.endswith(" light")]
    named = [w for w in side.words if "light" in w.split() and not w.startswith("flash")]
    words = tuple(f"{adjective} {words}" for words in named for adjective in adjectives)
    return Wording(f"{quality.tag} {side.tag}", words, (quality.tag, side.tag))


LIGHT = (
    *_FROM,
    *_QUALITY,
    *_EXPOSURE,
    *(_both(quality, side) for quality in _QUALITY for side in _FROM),
)

COLOURS = (
    *("black", "grey", "white", "red", "orange", "yellow", "green", "teal", "blue", "purple"),
    *("pink", "brown"),
)
_COLOUR_WORDS = {
    "black": ("black", "jet-black", "dark"),
    "grey": ("grey", "gray", "silver-grey"),
    "white": ("white", "snow-white", "cream"),
    "red": ("red", "crimson", "scarlet", "burgundy"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green", "olive green", "emerald"),
    "teal": ("teal", "turquoise", "cyan"),
    "blue": ("blue", "navy blue", "navy", "sky-blue"),
    "purple": ("purple", "violet", "lilac"),
    "pink": ("pink", "rose-coloured", "magenta"),
    "brown": ("brown", "beige", "tan"),
}
_GARMENTS = ("shirt", "top", "sweater", "clothes", "T-shirt", "jumper", "pullover", "dress")
CLOTHES = tuple(
    Wording(colour, tuple(f"a {word} {g}" for word in _COLOUR_WORDS[colour] for g in _GARMENTS))
    for colour in COLOURS
)
WORN = (
    *(
        Wording(
            f"{thing} {colour}", tuple(f"{word} {t}" for word in _COLOUR_WORDS[colour] for t in ts)
        )
        for thing, ts in (
            ("glasses", ("glasses", "spectacles", "glasses frames")),
            ("hat", ("hat", "cap", "beanie", "woolly hat")),
        )
        for colour in COLOURS
    ),
    Wording("sunglasses", ("sunglasses", "dark glasses", "shades", "tinted lenses")),
    Wording("metal", ("golden glasses", "silver glasses", "metal-rimmed glasses", "wire glasses")),
)

WORDINGS: dict[str, tuple[Wording, ...]] = {
    "hair colour": HAIR_COLOUR,
    "hair kind": HAIR_KIND,
    "skin": SKIN,
    "age": AGE,
    "sex": SEX,
    "beard": BEARD,
    "eyes": EYES,
    "light": LIGHT,
    "clothes": CLOTHES,
    "worn": WORN,
}
"""Wordings by aspect, in the order of the style space's blocks."""

CUT = "hair cut"
SAYABLE: dict[str, tuple[Wording, ...]] = WORDINGS | {CUT: HAIR_CUT}
"""With what a prompt may say besides."""


def wording_of(aspect: str, tag: str) -> Wording:
    """How a tag is said."""
    return next(wording for wording in SAYABLE[aspect] if wording.tag == tag)


def tags_said(aspect: str, tag: str) -> frozenset[str]:
    """The tags that a wording's tag stands for: itself, or its parts."""
    return frozenset(wording_of(aspect, tag).parts or (tag,))


def _plain(colour: str) -> str:
    """A colour's name without "dark"."""
    return colour.removeprefix("dark ")


def _expected_brightness(skin_tone: tuple[float, float, float]) -> float:
    """Of a face of this albedo in common light, as palettes measure it (fitted to 500 heads)."""
    return float(0.28 * np.log(np.asarray(skin_tone) @ LUMINANCE) - 0.31)


def head_tags(attributes: Mapping[str, Any], brightness: float) -> dict[str, frozenset[str]]:
    """All tags of a head by aspect; an aspect that it has not is empty.

    Args:
        attributes: what Head.attributes() gives.
        brightness: of its face, the last value of a palette's light.
    """
    bald = attributes["hair_length"] == "none"
    beard = str(attributes["beard"])
    beards = {"shadow": {"stubble"}, "short": {"short", "beard"}, "full": {"full", "beard"}}
    beards["goatee"] = {"goatee", "beard"}
    light = str(attributes["light_from"])
    sides, qualities = (
        {wording.tag for wording in table if wording.tag in light} for table in (_FROM, _QUALITY)
    )
    lights = sides | qualities | {f"{quality} {side}" for quality in qualities for side in sides}
    exposure = brightness - _expected_brightness(attributes["skin_tone"])
    lights |= {"dim"} if exposure < -0.2 else set()
    lights |= {"bright"} if exposure > 0.16 else set()
    worn = set()
    glasses, hat = attributes["glasses"], attributes["hat"]
    if glasses:
        metals = ("gold", "silver", "gunmetal")
        named = {"navy": "blue", "dark red": "red", "tortoiseshell": "brown"}
        colour = named.get(glasses["colour"], _plain(glasses["colour"]))
        worn.add("metal" if colour in metals else f"glasses {colour}")
        worn |= {"sunglasses"} if glasses["lenses"] != "clear" else set()
    if hat:
        worn.add(f"hat {_plain(hat['colour'])}")
    words = STYLE_TAGS.get(str(attributes["hair"]), ("straight",))
    kinds = frozenset(wording.tag for wording in HAIR_KIND)
    return {
        "hair colour": frozenset() if bald else frozenset({str(attributes["hair_colour"])}),
        "hair kind": frozenset() if bald else kinds & set(words),
        "skin": frozenset({str(attributes["skin"])}),
        "age": frozenset({str(attributes["age_group"])}),
        "sex": frozenset({str(attributes["sex"])}),
        "beard": frozenset(beards.get(beard, {beard})),
        "eyes": frozenset({str(attributes["eyes"])}),
        "light": frozenset(lights),
        "clothes": frozenset({_plain(str(attributes["clothes"]["colour"]))}),
        "worn": frozenset(worn),
        CUT: frozenset({"bald"}) if bald else frozenset(words) - kinds,
    }
