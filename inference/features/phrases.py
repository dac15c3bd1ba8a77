"""The phrases of a description, and which of them say what they are about."""

import re

_JOINTS = re.compile(r"[,;.]|\b(?:and|with|but|who has|wearing|in)\b", re.IGNORECASE)

_SUBJECTS = (
    r"hair|haired|hairs|curls?|waves|locks|mane|mop|bob|fringe|bangs|bun|ponytail|afro|dreadlocks|"
    r"beard|bearded|moustache|mustache|goatee|stubble|sideburns|eyes?|eyed|skin|skinned|complexion|"
    r"glasses|spectacles|sunglasses|eyeglasses|lenses|hat|cap|beanie|shirt|sweater|pullover|jumper|"
    r"blouse|dress|jacket|coat|suit|top|clothes|scarf|lighting|lit|light(?= from|$)"
)
"""Words after which nobody asks what is red, long or bright."""
_NAMED = re.compile(rf"\b(?:{_SUBJECTS})\b", re.IGNORECASE)


def phrases_of(text: str) -> list[str]:
    """The phrases of a description, parted at commas and words that join."""
    return [part.strip() for part in _JOINTS.split(text) if part.strip()]


def names_its_subject(phrase: str) -> bool:
    """Whether a phrase says what it is about: "red hair" does, "red" does not."""
    return _NAMED.search(phrase) is not None
