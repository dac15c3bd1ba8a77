"""The stamps by name."""

from enum import Enum

from inference.face_map.document import FaceMapDocument
from inference.face_map.face_frame import face_frame
from inference.face_map.labels import ByteArray
from inference.face_map.stamps.earrings import with_earrings
from inference.face_map.stamps.glasses import DARK, ROUND, SQUARE, with_glasses
from inference.face_map.stamps.hair import BOB, LONG, SHORT, with_hair
from inference.face_map.stamps.hats import beanie, brim_hat, with_hat
from inference.head.template import HeadTemplate


class Stamp(Enum):
    """What can be stamped; the value is what the user reads."""

    ROUND_GLASSES = "Round glasses"
    SQUARE_GLASSES = "Square glasses"
    DARK_GLASSES = "Dark glasses"
    BEANIE = "Beanie"
    BRIM_HAT = "Brim hat"
    EARRINGS = "Earrings"
    SHORT_HAIR = "Short hair"
    BOB = "Bob"
    LONG_HAIR = "Long hair"


_LENSES = {
    Stamp.ROUND_GLASSES: ROUND,
    Stamp.SQUARE_GLASSES: SQUARE,
    Stamp.DARK_GLASSES: DARK,
}
_HATS = {Stamp.BEANIE: beanie, Stamp.BRIM_HAT: brim_hat}
_HAIR = {Stamp.SHORT_HAIR: SHORT, Stamp.BOB: BOB, Stamp.LONG_HAIR: LONG}


def stamped(stamp: Stamp, document: FaceMapDocument, template: HeadTemplate) -> ByteArray | None:
    """The document's map with a stamp on it [512, 512], or None without landmarks."""
    if document.landmarks is None:
        return None
    frame = face_frame(document.landmarks, template)
    labels, parsed = document.labels, document.parsed
    if stamp in _LENSES:
        return with_glasses(frame, labels, parsed, _LENSES[stamp])
    if stamp in _HATS:
        return with_hat(labels, parsed, _HATS[stamp](frame))
    if stamp in _HAIR:
        return with_hair(frame, labels, template, _HAIR[stamp])
    return with_earrings(frame, labels, parsed)
