"""What the application remembers between starts: theme, recent files, last export folder."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from inference.errors import OutputError
from inference.files import atomic_write
from inference.parsing.selection import EMBEDDED as EMBEDDED_PARSER
from inference.parsing.selection import PARSERS
from inference.portrait.selection import EMBEDDED as EMBEDDED_FOREGROUND
from inference.portrait.selection import FOREGROUNDS

RECENT_FILES = 8
RECENT_PROMPTS = 20


@dataclass(frozen=True)
class Choices:
    """Which networks make heads.

    Attributes:
        checkpoint: file of the weights, which name their preset; "" for the built-in ones.
        parser: what reads faces, a name of inference.parsing.selection.
        foreground: what cuts heads out, a name of inference.portrait.selection.
    """

    checkpoint: str = ""
    parser: str = EMBEDDED_PARSER
    foreground: str = EMBEDDED_FOREGROUND


@dataclass
class Preferences:
    """Remembered choices, in a JSON file; a damaged or missing file means the defaults.

    Attributes:
        path: where they are kept; None keeps nothing.
        theme: "system", "dark" or "light".
        recent: portraits opened last, newest first.
        export_folder: where the last export went, or "".
        prompts: what was written to style heads, newest first.
        sharpen: whether pictures at rest and exports are sharpened, where something can.
        choices: which networks make heads.
    """

    path: Path | None = None
    theme: str = "system"
    recent: list[str] = field(default_factory=list)
    export_folder: str = ""
    sharpen: bool = True
    prompts: list[str] = field(default_factory=list)
    choices: Choices = field(default_factory=Choices)

    @classmethod
    def load(cls, path: Path) -> "Preferences":
        """Read the file; whatever is not understood is left out."""
        result = cls(path)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return result
        if not isinstance(stored, dict):
            return result
        if stored.get("theme") in ("system", "dark", "light"):
            result.theme = stored["theme"]
        result.recent = _strings(stored.get("recent"))[:RECENT_FILES]
        result.prompts = _strings(stored.get("prompts"))[:RECENT_PROMPTS]
        if isinstance(stored.get("export_folder"), str):
            result.export_folder = stored["export_folder"]
        if isinstance(stored.get("sharpen"), bool):
            result.sharpen = stored["sharpen"]
        result.choices = _choices(stored.get("choices"))
        return result

    def save(self) -> None:
        """Write the file; not being able to is no reason to disturb anybody."""
        if self.path is None:
            return
        kept = {item.name for item in fields(self)} - {"path"}
        values = {name: value for name, value in asdict(self).items() if name in kept}
        try:
            with atomic_write(self.path) as temporary:
                temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")
        except OutputError:
            pass

    def add_recent(self, path: Path) -> None:
        """Put a portrait first."""
        name = str(path.absolute())
        self.recent = [name, *(other for other in self.recent if other != name)][:RECENT_FILES]
        self.save()

    def add_prompt(self, text: str) -> None:
        """Put a prompt first."""
        others = [other for other in self.prompts if other.casefold() != text.casefold()]
        self.prompts = [text, *others][:RECENT_PROMPTS]
        self.save()


def _choices(value: object) -> Choices:
    """The choices that were stored; the built-in ones where they are not understood."""
    stored = value if isinstance(value, dict) else {}
    known = {}
    if isinstance(stored.get("checkpoint"), str):
        known["checkpoint"] = stored["checkpoint"]
    for name, names in (("parser", PARSERS), ("foreground", FOREGROUNDS)):
        if stored.get(name) in names:
            known[name] = stored[name]
    return Choices(**known)


def _strings(value: object) -> list[str]:
    """The texts of a stored list; nothing where it is none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
