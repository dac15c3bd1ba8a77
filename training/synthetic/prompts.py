"""Short prompts as users write them: a few aspects of a look, in many wordings.

Each prompt knows which tags it names, so that it can be compared with every head: what it does
not name does not count.
"""

from dataclasses import dataclass

import numpy as np

from training.synthetic.style_words import (
    CHILD_WORDS,
    CUT,
    OLD_WORDS,
    SAYABLE,
    wording_of,
)

_SUBJECTS = ("person", "someone", "face", "portrait", "head", "model", "human")
_OPENINGS = ("", "", "", "", "a photo of ", "portrait of ", "make it ", "I want ", "picture of ")
_JOINTS = (", ", " and ", ", ", "; ", " with ")


@dataclass(frozen=True)
class Prompt:
    """A description.

    Attributes:
        text: in English.
        named: the tag that it names, by aspect; other aspects are left open.
    """

    text: str
    named: dict[str, str]


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    """The first wording of a table is the plainest: a third of the time."""
    if rng.random() < 0.34:
        return words[0]
    return words[int(rng.integers(len(words)))]


def _wording(rng: np.random.Generator, aspect: str, tag: str) -> str:
    return _pick(rng, wording_of(aspect, tag).words)


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _hair(rng: np.random.Generator, named: dict[str, str]) -> list[str]:
    colour = _wording(rng, "hair colour", named["hair colour"]) if "hair colour" in named else ""
    kinds = [aspect for aspect in ("hair kind", CUT) if aspect in named]
    if not kinds:
        if not colour:
            return []
        forms = (
            f"{colour} hair",
            f"{colour} hair",
            f"{colour}-haired",
            f"hair: {colour}",
            f"hair that is {colour}",
            f"{colour} coloured hair",
        )
        return [_pick(rng, forms)]
    first = int(rng.integers(len(kinds)))  # who says the colour
    return [
        words
        for number, aspect in enumerate(kinds)
        for words in _hair_that_is(
            rng, _wording(rng, aspect, named[aspect]), colour if number == first else ""
        )
    ]


def _hair_that_is(rng: np.random.Generator, kind: str, colour: str) -> list[str]:
    if colour and "{" not in kind:
        return [kind, f"{colour} hair"]
    hair = f"{colour} hair" if colour else "hair"
    kind = kind.replace("{hair}", hair).replace("{c}", colour)
    if colour and rng.random() < 0.4 and kind.endswith(f"{colour} hair"):
        # "grey curly hair" as well as "curly grey hair"
        adjective = kind.removesuffix(f"{colour} hair").strip()
        kind = f"{colour} {adjective} hair" if adjective else kind
    return [" ".join(kind.split())]


def _subject(rng: np.random.Generator, named: dict[str, str]) -> str:
    """Sex and age as a noun, or "" where neither is named."""
    age, sex = named.get("age"), named.get("sex")
    if age is None and sex is None:
        return ""
    if sex is not None and age == "child" and rng.random() < 0.7:
        return _pick(rng, CHILD_WORDS[sex])
    if sex is not None and age == "old" and rng.random() < 0.2:
        return _pick(rng, OLD_WORDS[sex])
    noun = _wording(rng, "sex", sex) if sex else ""
    if age is None:
        return noun
    word = _wording(rng, "age", age)
    subject = noun or (_pick(rng, _SUBJECTS) if rng.random() < 0.5 else "")
    if word.startswith(("in the", "about")):
        return f"{subject or 'person'} {word}"
    return f"{word} {subject}".strip()


def compose(rng: np.random.Generator, named: dict[str, str]) -> Prompt:
    """Put the tags of a prompt, one an aspect, into words."""
    features = _hair(rng, named)
    if "skin" in named:
        skin = _wording(rng, "skin", named["skin"])
        features.append(
            _pick(
                rng,
                (
                    f"{skin} skin",
                    f"{skin} skin",
                    f"{skin}-skinned",
                    f"{skin} complexion",
                    f"skin: {skin}",
                ),
            )
        )
    if "eyes" in named:
        eyes = _wording(rng, "eyes", named["eyes"])
        features.append(_pick(rng, (f"{eyes} eyes", f"{eyes} eyes", f"{eyes}-eyed")))
    for aspect in ("beard", "clothes", "worn", "light"):
        if aspect in named:
            words = _wording(rng, aspect, named[aspect])
            bare = rng.random() < 0.4
            features.append(words.removeprefix("a ") if bare else words)
    order = rng.permutation(len(features))
    subject = _subject(rng, named)
    listed = [features[number] for number in order]
    if subject and listed and rng.random() < 0.6:
        joined = listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + " and " + listed[-1]
        text = f"{_article(subject) if rng.random() < 0.6 else subject} with {joined}"
    else:
        parts = [subject, *listed] if subject else listed
        if not subject and rng.random() < 0.2:
            parts[0] = f"{_pick(rng, _SUBJECTS)} with {parts[0]}"
        joint = _JOINTS[int(rng.integers(len(_JOINTS)))]
        text = joint.join(parts)
    opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))]
    return Prompt(" ".join((opening + text).split()), named)


def draw_prompt(rng: np.random.Generator, tags: dict[str, frozenset[str]]) -> Prompt:
    """A prompt that is true of a head: one to all of its aspects, mostly few.

    Args:
        rng: source of randomness.
        tags: of the head, see training.synthetic.style_words.head_tags.
    """
    there = [aspect for aspect, values in tags.items() if values]
    count = min(len(there), 1 + int(rng.geometric(0.45)) - (rng.random() < 0.5))
    chosen = rng.choice(len(there), max(1, count), replace=False)
    named = {}
    for number in chosen:
        aspect = there[number]
        known = sorted(tags[aspect] & {w.tag for w in SAYABLE[aspect]})
        if known:
            named[aspect] = known[int(rng.integers(len(known)))]
    return compose(rng, named) if named else draw_prompt(rng, tags)


def fits(prompt: Prompt, tags: dict[str, frozenset[str]]) -> bool:
    """Whether a prompt is true of a head."""
    return all(tag in tags[aspect] for aspect, tag in prompt.named.items())
