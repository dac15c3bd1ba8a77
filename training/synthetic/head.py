"""One random person, complete: shape, hair, looks, clothes and light."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory
from training.synthetic.assets import Assets
from training.synthetic.cloth import ClothLook, sample_cloth
from training.synthetic.eyes import EyeLook, sample_eyes
from training.synthetic.facial_hair import FacialHair, grow_facial_hair
from training.synthetic.follicles import Skin
from training.synthetic.hair import Hairline, grow_strands
from training.synthetic.hair_styles import BALD, HairStyle, sample_colour, sample_grey
from training.synthetic.hats import Hat, hair_under
from training.synthetic.identity import IdentityPrior, Person, sample_person
from training.synthetic.lighting import Light, balanced, panorama_light, studio_light
from training.synthetic.reserved import RESERVED_ENVIRONMENTS, is_reserved_seed
from training.synthetic.size import size_factor
from training.synthetic.skin import SkinLook, sample_skin
from training.synthetic.strands import Strands
from training.synthetic.traits import choose_style, sample_traits
from training.synthetic.wardrobe import Wardrobe, dress, sample_wardrobe
from training.synthetic.wearer import Wearer
from training.synthetic.words import (
    age_group,
    colour_name,
    hair_length,
    light_name,
    skin_name,
    years,
)
from training.template.hm08 import MID_EYE

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """A head ready to be drawn.

    Attributes:
        seed: what it was made from.
        person: who it is.
        vertices: [V, 3] base mesh with expression, metres, world frame.
        points, normals: [V1, 3] the refined mesh.
        scalp: [V1] 0..1 where hair grows.
        style, hair_colour, hair_tone: of the hair, the tone in linear RGB.
        strands: the hair, None for a bald head.
        skin, eyes, cloth, light: how it looks.
        noise_seed: shifts the procedural textures.
        exposure: wanted brightness of white paper in the face's light.
        contrast: 0 plain to 1 an S curve.
        wardrobe: what is worn besides clothes.
        accessories: its meshes and the collar's; lenses last.
        hat: the hat, or None.
        facial: brows, lashes and beard.
    """

    seed: int
    person: Person
    vertices: Float
    points: Float
    normals: Float
    scalp: Float
    style: HairStyle
    hair_colour: str
    hair_tone: Float
    strands: Strands | None
    skin: SkinLook
    eyes: EyeLook
    cloth: ClothLook
    light: Light
    noise_seed: float
    exposure: float
    contrast: float
    facial: FacialHair
    wardrobe: Wardrobe = field(default_factory=Wardrobe)
    accessories: tuple[Accessory, ...] = ()
    hat: Hat | None = None

    @property
    def all_strands(self) -> tuple[Strands, ...]:
        """Hairs of the face and then of the scalp, in the order in which they are drawn."""
        facial = self.facial.strands
        return (facial,) if self.strands is None else (facial, self.strands)

    def attributes(self) -> dict[str, object]:
        """What it is, for the record and for captions (plain JSON types)."""
        person, worn, cloth = self.person, self.wardrobe, self.cloth
        glasses, hat, earrings, necklace = worn.glasses, worn.hat, worn.earrings, worn.necklace
        return {
            "seed": self.seed,
            "sex": "man" if person.male > 0.5 else "woman",
            "male": round(person.male, 3),
            "years": years(person.age),
            "age_group": age_group(person.age),
            "age": round(person.age, 3),
            "race": [round(x, 3) for x in person.race],
            "expression": person.expression,
            "hair": self.style.name,
            "hair_length": hair_length(self.style.lengths),
            "hair_colour": self.hair_colour,
            "eyes": self.eyes.name,
            "beard": self.facial.beard.kind,
            "skin": skin_name(self.skin),
            "skin_tone": [round(float(x), 4) for x in self.skin.tone],
            "photographed_skin": self.skin.texture is not None,
            "glasses": glasses
            and {
                "frame": glasses.frame.name,
                "colour": glasses.colour,
                "lenses": f"dark {glasses.tint}" if glasses.tint else "clear",
            },
            "hat": hat and {"kind": hat.name, "colour": colour_name(hat.colour)},
            "earrings": earrings and {"kind": earrings.name, "metal": earrings.metal},
            "necklace": necklace and {"kind": necklace.name, "metal": necklace.metal},
            "clothes": {
                "neckline": cloth.neckline,
                "colour": colour_name(cloth.first),
                "pattern": ("plain", "striped", "striped", "checked")[cloth.pattern],
            },
            "light": self.light.name,
            "light_from": light_name(self.light),
        }


def _shape(
    rng: np.random.Generator, person: Person, assets: Assets, prior: IdentityPrior
) -> tuple[Float, Float]:
    """Neutral and posed vertices, [V, 3] each, in the world frame of the neutral face."""
    mesh = assets.mesh
    neutral = mesh.identity(person.weights)
    if len(assets.scan_modes):
        draw = rng.normal(0, prior.scan_sd, len(assets.scan_modes))
        draw = np.clip(draw, -prior.scan_limit, prior.scan_limit).astype(np.float32)
        delta = np.tensordot(draw, assets.scan_modes, 1).astype(np.float64)
        for eye in mesh.eye_vertices.T:
            delta[eye] = delta[eye].mean(0)  # eyeballs stay round
        neutral = neutral + delta
    posed = neutral + (mesh.identity(person.expression_weights) - mesh.vertices)
    shift = mesh.canonical(neutral)[0] - neutral[0]
    size = size_factor(neutral + shift, assets)
    neutral, posed = (MID_EYE + size * (x + shift - MID_EYE) for x in (neutral, posed))
    return neutral, posed


def _stream(seed: int, subject: int) -> np.random.Generator:
    """Randomness of one subject, so that a change in one leaves the others alone."""
    return np.random.default_rng([seed, subject])


def make_head(
    seed: int,
    assets: Assets,
    style: HairStyle | None = None,
    wardrobe: Wardrobe | None = None,
) -> Head:
    """Make a head; the same seed and assets always give the same one.

    Args:
        seed: any non-negative integer; reserved hair styles and environments are drawn only
            from FIRST_HELD_OUT_SEED on (training.synthetic.reserved).
        assets: what heads are made from.
        style: a hair style to wear instead of a random one.
        wardrobe: glasses, hat and jewellery to wear instead of random ones.
    """
    rng = _stream(seed, 20)
    prior = IdentityPrior()
    traits = sample_traits(seed)
    person = sample_person(rng, set(assets.names), traits, prior)
    neutral, posed = _shape(rng, person, assets, prior)
    points, normals = assets.surface.refine(posed)
    style = style or choose_style(seed, traits)
    colour_name, tone = sample_colour(rng, person.main_race, person.age)
    recede, crown = max(0.0, rng.normal(0, 0.005)), 0.0
    if person.male > 0.5 and person.age > 0.55 and rng.random() < 0.35:
        recede += 0.02 * rng.random()
        crown = float(max(style.lengths) < 0.05 or style.lengths[1] < 0.02)
    hairline = Hairline(recede, crown)
    grey = sample_grey(_stream(seed, 28), person.age, colour_name)
    strands = grow_strands(
        rng, style, hairline, tone, assets.surface, assets.rest, points, normals, grey
    )
    scalp = hairline.mask(assets.rest, 0.010)
    skin = sample_skin(rng, person, list(assets.skins))
    left, right = assets.mesh.eye_vertices.T
    eyes = sample_eyes(rng, person, (neutral[left], neutral[right]), (posed[left], posed[right]))
    cloth = sample_cloth(_stream(seed, 24))
    if wardrobe is None:
        wardrobe = sample_wardrobe(_stream(seed, 25), person.male)
    wearer = Wearer.of(assets, points, normals, posed)
    accessories, hat = dress(wardrobe, cloth, wearer)
    if hat is not None and strands is not None:
        strands = hair_under(hat, strands)
    facial = grow_facial_hair(
        _stream(seed, 27),
        person,
        tone,
        Skin(assets.surface, assets.rest, points, normals),
        (assets.lash_edges, posed, eyes.centres),
    )
    light = _light(_stream(seed, 26), seed, assets)
    return Head(
        seed=seed,
        person=person,
        vertices=posed,
        points=points,
        normals=normals,
        scalp=scalp if style is not BALD else scalp * 0.0,
        style=style,
        hair_colour=colour_name,
        hair_tone=tone,
        strands=strands,
        skin=skin,
        eyes=eyes,
        cloth=cloth,
        light=balanced(light),
        noise_seed=float(rng.random() * 7),
        exposure=float(0.8 * np.exp(rng.normal(0, 0.16))),
        contrast=float(rng.uniform(0, 0.5)),
        facial=facial,
        wardrobe=wardrobe,
        accessories=accessories,
        hat=hat,
    )


def _light(rng: np.random.Generator, seed: int, assets: Assets) -> Light:
    held_out = is_reserved_seed(seed)
    panoramas = [p for p in assets.panoramas if held_out or p.name not in RESERVED_ENVIRONMENTS]
    if panoramas and rng.random() < 0.6:
        return panorama_light(rng, panoramas[int(rng.integers(len(panoramas)))])
    return studio_light(rng)
