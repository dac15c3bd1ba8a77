"""What a stamp changes beside the face map. Plain Python: knows no widget and no Qt.

A map does not tell dark lenses from clear ones, the style does: the stamp for dark glasses writes
"sunglasses" into it, in the same step.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from desktop.editing.look import Look, StyleSource
from desktop.session import Session
from inference.editing.types import Style
from inference.face_map.document import EVERYTHING, FaceMapDocument
from inference.face_map.labels import ByteArray, Label

if TYPE_CHECKING:  # stamps take a moment to import, and are there once one is put
    from inference.face_map.stamps.stamp import Stamp

WORDS = "sunglasses"


def put_stamp(session: Session, stamp: "Stamp", labels: ByteArray) -> bool:
    """Put the map [512, 512] that a stamp makes in place, and the words that belong to it.

    Returns:
        Whether anything changed.
    """
    from inference.face_map.stamps.stamp import Stamp

    document, reading, look = session.face_map, session.reading, session.edits.look
    if document is None or reading is None:
        return False
    # Where locks leave no glasses, there is nothing to be said of their lenses.
    if stamp is Stamp.DARK_GLASSES and _shows_glasses(document, labels):
        look = with_dark_lenses(look, reading.style)
    return session.restore(stamp.value, labels, protect=True, look=look)


def with_dark_lenses(look: Look, own: Style) -> Look:
    """The look with dark lenses, of a portrait whose style is `own`; the same where it has them.

    Nothing else of it changes, so words are added to what the user reads, and none are read anew.
    """
    if look.style(own).dark_lenses:
        return look
    look = replace(
        look,
        source=_dark(look.source, own),
        strength=look.strength or 1.0,  # at 0 nothing would happen
    )
    # The second style may say otherwise, or may be all that counts.
    if look.second is not None and not look.style(own).dark_lenses:
        look = replace(look, second=_dark(look.second, own))
    return look


def _dark(source: StyleSource | None, own: Style) -> StyleSource:
    style = source.style if source is not None else own
    if source is not None and style.dark_lenses:
        return source
    words = WORDS if source is None else f"{style.description}, {WORDS}"
    picture = None if source is None else source.picture
    return StyleSource(replace(style, description=words, dark_lenses=True), picture)


def _shows_glasses(document: FaceMapDocument, labels: ByteArray) -> bool:
    after = np.where(document.may_paint(EVERYTHING), labels, document.labels)
    return bool((after == Label.GLASSES).any())
