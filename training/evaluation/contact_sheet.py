"""Pictures to be looked at: the input, then truth and rendering, head by head."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.evaluation.measure import SheetRow

TILE = 192
"""Edge of a picture in pixels."""
MARGIN = 6
TITLES = (
    "input",
    "truth, novel",
    "head, novel",
    "truth, novel",
    "head, novel",
    "truth, extreme",
    "head, extreme",
    "truth, extreme",
    "head, extreme",
)
HEADER = 18


def contact_sheet(rows: Sequence[SheetRow]) -> NDArray[np.uint8]:
    """All rows in one picture [H, W, 3]; columns that a head lacks stay empty."""
    columns = max((len(row.pictures) for row in rows), default=1)
    step = TILE + MARGIN
    width, height = columns * step + MARGIN, HEADER + len(rows) * (step + HEADER) + MARGIN
    sheet = Image.new("RGB", (width, height), (246, 246, 246))
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(TITLES[:columns]):
        pen.text((MARGIN + column * step, 4), title, fill=(40, 40, 40))
    for number, row in enumerate(rows):
        top = HEADER + number * (step + HEADER)
        pen.text((MARGIN, top + 2), row.caption, fill=(110, 110, 110))
        for column, picture in enumerate(row.pictures):
            tile = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
            pixels = (np.clip(tile, 0, 1) * 255 + 0.5).astype(np.uint8)
            sheet.paste(Image.fromarray(pixels), (MARGIN + column * step, top + HEADER))
    return np.asarray(sheet, np.uint8)
