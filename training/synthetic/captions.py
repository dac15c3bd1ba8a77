"""Sentences that say what a head's attributes say, in several wordings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HAIR = {
    "buzz cut": "a {c} buzz cut",
    "short side part": "short {c} hair parted at the side",
    "crew cut": "a {c} crew cut",
    "swept back": "{c} hair swept back",
    "tight back": "{c} hair combed tightly back",
    "short tousled": "short tousled {c} hair",
    "bob": "a {c} bob",
    "long straight": "long straight {c} hair",
    "long wavy": "long wavy {c} hair",
    "fringe": "{c} hair with a fringe",
    "curly": "curly {c} hair",
    "short curly": "short curly {c} hair",
    "afro": "a {c} afro",
}
_BEARD = {
    "shadow": "a shadow of a beard",
    "stubble": "stubble",
    "moustache": "a moustache",
    "goatee": "a goatee",
    "short": "a short beard",
    "full": "a full beard",
}
_EXPRESSION = {
    "neutral": "a calm look",
    "smile": "a smile",
    "smile with teeth": "a broad smile",
    "talking": "a parted mouth",
    "surprise": "a surprised look",
    "frown": "a frown",
    "pucker": "puckered lips",
}


@dataclass(frozen=True)
class Phrases:
    """The parts of a caption; lists may be empty."""

    subject: str
    person: str
    hair: str
    skin: str
    eyes: str
    beard: tuple[str, ...]
    worn: tuple[str, ...]
    clothes: str
    expression: str
    light: str


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _listed(words: tuple[str, ...] | list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def phrases(attributes: Mapping[str, Any]) -> Phrases:
    """Phrases for what Head.attributes() gives."""
    sex, group = attributes["sex"], attributes["age_group"]
    if group == "child":
        person = "boy" if sex == "man" else "girl"
        subject = f"young {person}"
    else:
        person, subject = sex, f"{group} {sex}"
    colour, style = attributes["hair_colour"], attributes["hair"]
    if attributes["hair_length"] == "none":
        hair = "a bald head"
    elif style in _HAIR:
        hair = _HAIR[style].format(c=colour)
    else:
        hair = f"{attributes['hair_length']} {colour} hair ({style})"
    worn = []
    glasses = attributes["glasses"]
    if glasses:
        lenses = f"{glasses['lenses']} " if glasses["lenses"] != "clear" else ""
        kind = "sunglasses" if lenses else "glasses"
        worn.append(f"{glasses['frame']} {glasses['colour']} {kind}")
    if attributes["hat"]:
        worn.append(_article(f"{attributes['hat']['colour']} {attributes['hat']['kind']}"))
    if attributes["earrings"]:
        worn.append(f"{attributes['earrings']['metal']} {attributes['earrings']['kind']}")
    if attributes["necklace"]:
        kind, metal = attributes["necklace"]["kind"], attributes["necklace"]["metal"]
        worn.append("a pearl necklace" if kind == "pearls" else f"a {metal} {kind} necklace")
    clothes = attributes["clothes"]
    garment = {
        "turtleneck": "turtleneck",
        "shirt collar": "shirt",
        "crew neck": "crew-neck top",
        "V-neck": "V-neck top",
        "scoop neck": "scoop-neck top",
    }[clothes["neckline"]]
    pattern = "" if clothes["pattern"] == "plain" else f"{clothes['pattern']} "
    beard = _BEARD.get(attributes["beard"])
    return Phrases(
        subject=subject,
        person=person,
        hair=hair,
        skin=f"{attributes['skin']} skin",
        eyes=f"{attributes['eyes']} eyes",
        beard=(beard,) if beard else (),
        worn=tuple(worn),
        clothes=_article(f"{pattern}{clothes['colour']} {garment}"),
        expression=_EXPRESSION.get(attributes["expression"], attributes["expression"]),
        light=attributes["light_from"],
    )


def captions(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Six wordings of what a head looks like, from full to short.

    All but the shortest name sex, age, hair, skin, beard, and what is worn on the head; which
    of eyes, expression, clothes and light they name differs.
    """
    p = phrases(attributes)
    he, his = ("He", "his") if p.person in ("man", "boy") else ("She", "her")
    wearing = _listed([*p.worn, p.clothes])
    with_worn = f", wearing {_listed(p.worn)}" if p.worn else ""
    features = _listed([p.hair, p.skin, *p.beard])
    about = f"about {attributes['years']} years old"
    return (
        f"A portrait of {_article(p.subject)} with {_listed([p.hair, p.skin, p.eyes, *p.beard])}, "
        f"wearing {wearing}. {he} has {p.expression}; {p.light}.",
        f"Photo of {_article(p.subject)} with {features}{with_worn}, in {p.light}.",
        ", ".join(
            (
                *(p.person, f"{attributes['years']} years", p.hair, p.skin, p.eyes),
                *(*p.beard, *p.worn, p.expression, p.light),
            )
        ),
        f"{_article(p.person).capitalize()} {about}: {features}{with_worn}, {p.expression}.",
        f"{he} is {_article(p.subject)} and {his} features are {features}; "
        f"{he.lower()} wears {wearing}.",
        f"{_article(p.subject).capitalize()} with {_listed([p.hair, *p.beard])}{with_worn}.",
    )
