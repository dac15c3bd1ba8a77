"""Words that the embedded style network was taught, as suggestions for the prompt.

Nothing of how hair is cut: the face map decides that.
"""

EXAMPLES = ("grey curly hair", "red wavy hair", "an old man with a full beard", "very dark skin")
"""What the prompt proposes before anybody has written anything."""

HAIR_COLOURS = (
    "black", "dark brown", "brown", "blond", "red", "grey", "white", "blue", "pink", "green",
    "purple",
)  # fmt: skip
HAIR_KINDS = ("straight", "wavy", "curly")
SKINS = ("very light", "light", "tanned", "brown", "dark brown", "very dark")
BEARDS = ("stubble", "a moustache", "a goatee", "a short beard", "a full beard", "no beard")
EYES = ("brown", "blue", "green", "grey", "hazel")
PEOPLE = (
    "a young woman", "a young man", "a middle-aged woman", "a middle-aged man", "an old woman",
    "an old man", "a girl", "a boy", "a teenage girl", "a teenage boy",
)  # fmt: skip
LIGHTS = (
    "soft, even light", "strong light from the left", "strong light from the right",
    "soft light from above", "strong light from the front",
)  # fmt: skip


def suggestions() -> list[str]:
    """All that the prompt completes, the usual first."""
    hair = [f"{colour} {kind} hair" for kind in HAIR_KINDS for colour in HAIR_COLOURS]
    return [
        *EXAMPLES,
        *(f"{colour} hair" for colour in HAIR_COLOURS),
        *(f"{kind} hair" for kind in HAIR_KINDS),
        *BEARDS,
        *(f"{skin} skin" for skin in SKINS),
        *(f"{eyes} eyes" for eyes in EYES),
        *PEOPLE,
        *LIGHTS,
        *(words for words in hair if words not in EXAMPLES),
    ]
