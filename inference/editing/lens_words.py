"""What a prompt says of the lenses of glasses: that they are dark, that they are clear, or nothing.

A style space that puts "glasses" near "sunglasses" does not tell them apart; the words do.
"""

import re
from enum import Enum, auto


class _Says(Enum):
    """What one mention of glasses says of their lenses."""

    NOTHING = auto()
    CLEAR = auto()
    DARK = auto()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS_DARK = _words("sunglasses sunnies aviators wayfarers raybans shades")
_GLASSES = _words("glasses eyeglasses spectacles specs eyewear bifocals bespectacled")
_LENSES = _words("lens lenses")
_FRAMES = _words("frame frames framed rim rims rimmed wire wired")

_DARK = _words("dark darkened tinted mirrored smoked smoky polarised polarized reflective opaque")
_CLEAR = _words("clear transparent untinted colourless colorless")
_TONES = _words("black grey gray brown")
"""Tones of dark lenses; of "black glasses" the frame is black."""

_COLOURS = _TONES | _words(
    "red blue green yellow orange purple pink white gold golden silver beige copper bronze "
    "horn tortoise tortoiseshell wood wooden metal plastic"
)
"""What "dark" belongs to if it follows: "dark brown glasses" have a brown frame."""

_NO = _words("no not without neither never none minus instead than doesnt dont isnt")
_JOINTS = _words("and but with in")
_OTHERS = _words(
    "hair haired skin skinned eyes eyed beard bearded brows eyebrows moustache lips face "
    "complexion tan man woman boy girl person lady guy hat cap coat suit jacket shirt dress scarf "
    "earrings"
)
"""Nouns that end what is said of glasses: "dark hair glasses"."""

_VERBS = _words("wear wears wearing wore has having behind")
_OTHER_GLASSES = _words("wine champagne beer water drinking magnifying looking shot contact")
_BEFORE_SHADES = _DARK | _words(
    "wearing wears with in and of his her their cool black round square big large oversized "
    "designer"
)
"""What may stand before "shades" that are worn; hair has "warm shades" and "shades of red"."""

_AFTER = re.compile(r"(?:(?:that|which) )?(?:(?:is|are) )?(?:(?:very|quite|fully|all) )?(\w+)")
_TINT = re.compile(r"(?:(?:that|which) )?(?:with|have|has|having) (?:an? )?(?:\w+ )?tint\b")


def lenses_in_words(text: str) -> bool | None:
    """Whether a description in English says dark lenses (True), clear ones (False) or nothing.

    Glasses without a word about their lenses have clear ones. Where both kinds are named, the one
    that is named last counts. A word test, not a parser.
    """
    said = [
        _said_at(words, place)
        for words in _clauses(text)
        for place, word in enumerate(words)
        if word in _ALWAYS_DARK | _GLASSES | _LENSES
    ]
    known = [mention for mention in said if mention is not None]
    sure = [mention for mention in known if mention is not _Says.NOTHING]
    return sure[-1] is _Says.DARK if sure else (False if known else None)


def _clauses(text: str) -> list[list[str]]:
    text = re.sub(r"['\u2019]", "", text.lower())
    text = re.sub(r"\b(?:non|un|not)[ -](?:dark|tinted|mirrored|polari[sz]ed)\b", "clear", text)
    text = re.sub(r"\bsee[ -]through\b", "clear", text)
    text = re.sub(r"\b(sun|eye) glasses\b", r"\1glasses", text)
    text = re.sub(r"\bray[ -]bans?\b", "raybans", text)
    return [re.sub(r"[^\w\s]|_", " ", part).split() for part in re.split(r"[,;.]", text)]


def _said_at(words: list[str], place: int) -> _Says | None:
    """What the glasses at a place are said to be; None where they are none, or are not wanted."""
    word, after = words[place], words[place + 1 :]
    before, refused = _before(words, place)
    if refused or (before and before[0] in _OTHER_GLASSES) or not _worn(words, place):
        return None
    if word in _ALWAYS_DARK:
        return _Says.DARK
    tones = _TONES if word in _LENSES else frozenset[str]()
    if after and after[0] in _FRAMES:  # "dark glasses frames"
        return _Says.NOTHING
    if _TINT.match(" ".join(after)):
        return _Says.DARK
    nearer = ""  # the word between an adjective and the glasses
    for adjective in before:
        if adjective in _CLEAR and nearer not in _FRAMES:
            return _Says.CLEAR
        owned = nearer in _FRAMES or (word not in _LENSES and nearer in _COLOURS)
        if (adjective in _DARK and not owned) or (adjective in tones and nearer not in _FRAMES):
            return _Says.DARK
        nearer = adjective
    following = _AFTER.match(" ".join(after))
    if following is None or following.group(1) not in _DARK | _CLEAR | tones:
        return _Says.NOTHING
    rest = " ".join(after)[following.end() :].split()
    if rest and rest[0] in _FRAMES | _COLOURS | _OTHERS:  # "glasses dark hair"
        return _Says.NOTHING
    return _Says.CLEAR if following.group(1) in _CLEAR else _Says.DARK


def _worn(words: list[str], place: int) -> bool:
    """Whether "shades" are glasses there; the other words always are."""
    if words[place] != "shades":
        return True
    return words[place + 1 : place + 2] != ["of"] and (
        place == 0 or words[place - 1] in _BEFORE_SHADES
    )


def _before(words: list[str], place: int) -> tuple[list[str], bool]:
    """The adjectives before a noun, the nearest first, and whether a "no" refuses it."""
    adjectives: list[str] = []
    described, listed = True, False
    for number in range(place - 1, -1, -1):
        word = words[number]
        if word in _NO:
            return adjectives, True
        if word in ("or", "nor"):  # "no hat or glasses": the "no" is further away
            described, listed = False, True
        elif word in _OTHERS and not listed:
            break
        elif word in _JOINTS and not listed:
            if word != "and" or number == 0 or words[number - 1] not in _DARK:
                break
        elif word in _VERBS:
            described = False
        elif described:
            adjectives.append(word)
    return adjectives, False
