"""Words for what a head looks like: the attributes that captions are made from."""

import colorsys

import numpy as np
from numpy.typing import NDArray

from training.synthetic.lighting import LUMINANCE, Light
from training.synthetic.skin import SkinLook

Float = NDArray[np.float64]

_AGE_PARAMETER = (0.0, 0.15, 0.33, 0.5, 0.7, 0.95)
_AGE_YEARS = (1.0, 8.0, 18.0, 35.0, 55.0, 80.0)
_GROUPS = ((13, "child"), (20, "teenage"), (36, "young"), (56, "middle-aged"), (200, "old"))
# Skin by luminance of its linear albedo, upper ends; made to part the tones 0..5 evenly.
_SKINS = (
    (0.085, "very dark"),
    (0.16, "dark brown"),
    (0.26, "brown"),
    (0.37, "tanned"),
    (0.46, "light"),
    (9.0, "very light"),
)
_HUES = (
    (0.04, "red"),
    (0.11, "orange"),
    (0.19, "yellow"),
    (0.45, "green"),
    (0.53, "teal"),
    (0.70, "blue"),
    (0.82, "purple"),
    (0.94, "pink"),
    (1.01, "red"),
)


def years(age: float) -> int:
    """Years for Person.age (0 baby to 1 old)."""
    return round(float(np.interp(age, _AGE_PARAMETER, _AGE_YEARS)))


def age_group(age: float) -> str:
    """One of "child", "teenage", "young", "middle-aged" and "old" for Person.age."""
    return next(name for limit, name in _GROUPS if years(age) < limit)


def skin_name(skin: SkinLook) -> str:
    """From "very light" to "very dark"."""
    albedo = np.asarray(skin.tone, np.float64)
    if skin.texture is not None:
        texels = skin.texture.image[::16, ::16].reshape(-1, 3)
        drawn = texels[texels.sum(1) > 60]
        albedo = np.median(drawn, 0) ** 2.2 / 255**2.2 * skin.gain
    level = float(albedo @ LUMINANCE)
    return next(name for limit, name in _SKINS if level < limit)


def hair_length(lengths: tuple[float, float, float]) -> str:
    """From lengths in metres on top, at the sides and at the back."""
    longest = max(lengths)
    if longest == 0:
        return "none"
    names = ((0.015, "very short"), (0.07, "short"), (0.21, "medium-length"), (9.0, "long"))
    return next(name for limit, name in names if longest < limit)


def colour_name(linear: Float | tuple[float, float, float]) -> str:
    """A plain name of a linear RGB colour [3]."""
    shown = np.clip(np.asarray(linear, np.float64), 0, 1) ** (1 / 2.2)
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(c) for c in shown))
    if value < 0.22:
        return "black"
    if saturation < 0.16:
        return "white" if value > 0.8 else "grey"
    name = next(name for limit, name in _HUES if hue < limit)
    if name == "red" and saturation < 0.55 and value > 0.55:
        name = "pink"
    if name in ("orange", "yellow") and value < 0.6:
        name = "brown"
    return f"dark {name}" if value < 0.42 and name != "brown" else name


def light_name(light: Light) -> str:
    """Where the light comes from and how hard it is, as seen by the viewer in front."""
    strength = float(light.key_colour @ LUMINANCE)
    ambient = float(light.irradiance.sum(0) @ LUMINANCE) / 4
    if strength < 0.25 * max(ambient, 1e-6):
        return "soft, even light"
    kind = "soft" if strength < ambient else "strong"
    x, y, z = light.key_direction
    if z < -0.3:
        return f"{kind} light from behind"
    if y > 0.75:
        return f"{kind} light from above"
    if abs(x) < 0.35:
        return f"{kind} light from the front"
    return f"{kind} light from the {'right' if x > 0 else 'left'}"
