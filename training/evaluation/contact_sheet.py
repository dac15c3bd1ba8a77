"""Pictures to be looked at: the input, then truth and rendering, head by head."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.evaluation.measure import SheetRow

TILE = 192
"""Edge of a picture in pixels."""
MARGIN, TEXT = 6, 16


def contact_sheet(rows: Sequence[SheetRow]) -> NDArray[np.uint8]:
    """All rows in one picture [H, W, 3], each tile below its title."""
    columns = max((len(row.pictures) for row in rows), default=1)
    step, line = TILE + MARGIN, TILE + MARGIN + 2 * TEXT
    size = (columns * step + MARGIN, len(rows) * line + MARGIN)
    sheet = Image.new("RGB", size, (246, 246, 246))
    pen = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = number * line + MARGIN
        pen.text((MARGIN, top), row.identity, fill=(30, 30, 30))
        for column, (title, picture) in enumerate(row.pictures):
            left = MARGIN + column * step
            pen.text((left, top + TEXT - 2), title, fill=(110, 110, 110))
            tile = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
            pixels = (np.clip(tile, 0, 1) * 255 + 0.5).astype(np.uint8)
            sheet.paste(Image.fromarray(pixels), (left, top + 2 * TEXT - 2))
    return np.asarray(sheet, np.uint8)
