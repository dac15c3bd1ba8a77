"""Whether a prompt asks how hair is cut or how long it is: that is painted, no style says it."""

import re

_CUTS = re.compile(
    r"\b(?:"
    r"bald|balding|hairless|no hair|without hair|shaved head|"
    r"bobs?|fringe|bangs|bun|ponytails?|pony tails?|pigtails?|braids?|plaits?|top ?knot|updo|"
    r"buzz|buzzed|crew cut|pixie|pageboy|mullet|mohawk|undercut|quiff|pompadour|"
    r"haircut|hairdo|hairstyle|hairline|"
    r"afro(?! (?:american|asian|caribbean|cuban|european|latin))|"
    r"(?:swept|slicked|combed|brushed|pulled|tied) (?:\w+ )?(?:back|up)|"
    r"(?:side|centre|center|middle) (?:part|parted|parting)|"
    r"(?:shoulder|chin|jaw|ear|neck|collar|waist) (?:length|long)|"
    r"hair (?:\w+ ){0,2}(?:to|past|over|below|above) (?:\w+ )?(?:shoulders?|chin|ears|waist)"
    r")\b"
)
"""Words that are about nothing but how hair is cut, or how it is worn."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LENGTHS = _words(
    "long longer longish short shorter shortish cropped shaved shaven trimmed length parted "
    "parting tied"
)
"""Words that may be about hair, and as well about a beard, a scarf or lips."""

_HAIR = _words("hair haired hairs curls locks waves mane mop tresses ringlets strands")
_OTHERS = _words(
    "beard bearded facial moustache mustache goatee stubble sideburns whiskers shave clean brows "
    "eyebrows lashes eyelashes nose face faced neck necked chin lips mouth jaw ears"
)
_PLAIN = _words(
    "and or but very rather quite too black dark light brown blond blonde red ginger auburn grey "
    "gray silver white blue pink green purple straight wavy curly frizzy smooth thick thin cut"
)
"""What may stand beside a length where hair is meant and not said: "long and wavy"."""

_JOINTS = _words("and or but with in of")
_ARTICLES = _words("a an the his her with in")


def names_a_cut(prompt: str) -> bool:
    """Whether a description in English says how hair is cut, how long it is or how it is worn.

    A word test, not a parser: it serves a hint, nothing is kept from the prompt.
    """
    for part in re.split(r"[,;.]", prompt.lower()):
        words = re.sub(r"[^\w\s]|_", " ", part).split()
        if _CUTS.search(" ".join(words)) or any(
            word in _LENGTHS and _of_hair(words, place) for place, word in enumerate(words)
        ):
            return True
    return False


def _of_hair(words: list[str], place: int) -> bool:
    """Whether the length at a place is that of hair: the noun after it decides, else that before.

    "long straight hair" is, "hair cut short" is; "hair and a short beard" is not, nor is
    "a long scarf and red hair", where "scarf" is not known and ends the search.
    """
    plain = True
    for word in words[place + 1 :]:
        if word in _HAIR or word in _OTHERS:
            return word in _HAIR
        if word in _JOINTS and not plain:
            return False
        plain = plain and word in _PLAIN | _LENGTHS
    for word in reversed(words[:place]):
        if word in _HAIR or word in _OTHERS:
            return word in _HAIR
        if word in _ARTICLES:
            return False
    return all(word in _PLAIN | _LENGTHS for word in words)
