"""Which of MediaPipe's 468 face-mesh points are what, and how far each can be trusted.

Indices are those of the canonical face model (google-ai-edge/mediapipe,
face_model_with_iris; the FACEMESH_* connection lists), counted without the irises.
"""

import numpy as np
from numpy.typing import NDArray

NUM_LANDMARKS = 468

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The rim of the face; slides along the visible outline when the head turns."""

MOUTH_CORNERS = (61, 291, 78, 308)
LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324)
UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409, 191, 80, 81, 82, 13, 312, 311, 310, 415)
LIPS = (*MOUTH_CORNERS, *LOWER_LIP, *UPPER_LIP)
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)
BROWS = (
    46, 53, 52, 65, 55, 70, 63, 105, 66, 107,
    276, 283, 282, 295, 285, 300, 293, 334, 296, 336,
)  # fmt: skip
CHIN = (152, 148, 176, 149, 150, 377, 400, 378, 379, 175, 199, 200, 201, 208, 421, 428, 18, 83,
        182, 194, 313, 406, 418, 171, 396, 369, 140, 170, 395, 32, 262, 211, 431)  # fmt: skip


def landmark_trust() -> NDArray[np.float64]:
    """How far each landmark tells the rigid pose, 0..1, [468] (our choice)."""
    trust = np.ones(NUM_LANDMARKS)
    trust[list(BROWS)] = 0.5
    trust[list(LIPS)] = 0.4
    trust[list(CHIN)] = 0.4
    trust[list(FACE_OVAL)] = 0.25
    return trust


def landmark_sample() -> NDArray[np.bool_]:
    """Eyes, lips, brows and every third of the others: enough for a smooth field, [468]."""
    chosen = np.arange(NUM_LANDMARKS) % 3 == 0
    chosen[[*LIPS, *RIGHT_EYE, *LEFT_EYE, *BROWS]] = True
    return chosen
