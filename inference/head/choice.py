"""Which template a checkpoint's Gaussians start from: the shipped one, or that of a FLAME head."""

from inference.catalogue.locate import published_file
from inference.catalogue.store import ModelStore, default_store
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError
from inference.head.flame import load_flame_template
from inference.head.template import SHIPPED, HeadTemplate
from inference.version import program_name

FLAME = "flame"
"""Name of the template on the user's FLAME, and of that file in the catalogue."""


def load_template(name: str = SHIPPED, store: ModelStore | None = None) -> HeadTemplate:
    """The template on one of the two meshes.

    Args:
        name: SHIPPED or FLAME.
        store: where the user's FLAME is looked for; the user's.

    Raises:
        InvalidModelError: FLAME is asked for and is not on this computer, or is damaged.
    """
    shipped = HeadTemplate.load()
    if name != FLAME:
        return shipped
    store = store or default_store()
    if store.folder(model_entry(FLAME)) is None:
        raise InvalidModelError(
            "These weights start from the FLAME mesh, which everybody brings along: run "
            f"'{program_name()} models import {FLAME} FILE'."
        )
    return load_flame_template(published_file(FLAME, store), shipped)


def template_of(template_id: str, store: ModelStore | None = None) -> HeadTemplate:
    """The template that a checkpoint names, or the shipped one where it names none that we know.

    Args:
        template_id: as checkpoints record it (HeadTemplate.template_id).
        store: as in load_template.

    Raises:
        InvalidModelError: as in load_template.
    """
    return load_template(FLAME if template_id.endswith(f"/{FLAME}") else SHIPPED, store)
