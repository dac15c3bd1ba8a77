"""The values of the shaders that belong to one head's look."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.synthetic.head import Head


def look_uniforms(
    head: Head, light_view: NDArray[np.float64], exposure: float, size: int
) -> dict[str, Any]:
    """Uniforms by name, as numbers and arrays.

    Args:
        head: whose look.
        light_view: [4, 4] world to clip space of the key light.
        exposure: factor from radiance to the film.
        size: edge of the pictures in pixels; the skin's texture is read as blurred as they are.
    """
    light, skin, eyes, cloth = head.light, head.skin, head.eyes, head.cloth
    return {
        "LVP": light_view.T,
        "kdir": light.key_direction,
        "kcol": light.key_colour,
        "hasKey": float(light.key_colour.any()),
        "sh": light.sh,
        "exposure": exposure,
        "contrast": head.contrast,
        "seed": head.noise_seed,
        "skinTone": skin.tone,
        "skinGain": skin.gain,
        "photoSkin": float(skin.texture is not None),
        "skinLod": max(0.0, float(np.log2(3.2 * 280 / size) - 0.5)),
        "lipTint": skin.lip_tint,
        "skinMarks": skin.marks,
        "oil": skin.oil,
        "beardTone": head.facial.beard.tone,
        "beardZones": np.array(head.facial.beard.zones) * head.facial.beard.paint,
        "browTone": head.facial.brows.tone,
        "browThick": head.facial.brows.thickness,
        "browLift": head.facial.brows.lift,
        "browDensity": head.facial.brows.density,
        "paint": 0.35,
        "age": head.person.age,
        "undercoat": head.style.undercoat,
        "shaved": head.style.undercoat,
        "hairTone": head.hair_tone,
        "eyeCentre": eyes.centres,
        "gaze": eyes.gaze,
        "irisInner": eyes.inner,
        "irisOuter": eyes.outer,
        "pupil": eyes.pupil,
        "irisAngle": eyes.iris_angle,
        "clothA": cloth.first,
        "clothB": cloth.second,
        "clothPattern": float(cloth.pattern),
    }
