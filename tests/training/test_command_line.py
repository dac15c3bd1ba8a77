"""What --help says: which command this is, and that training has stages."""

import re
from pathlib import Path

import pytest

import training
from training import train_reconstruction

ROOT = Path(training.__file__).parent
COMMANDS = sorted(
    path for path in ROOT.rglob("*.py") if 'if __name__ == "__main__"' in path.read_text()
)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_a_commands_help_shows_how_it_is_called(path: Path) -> None:
    module = ".".join(("training", *path.relative_to(ROOT).with_suffix("").parts))
    text = path.read_text()
    document = text[: text.index('"""', 4)]
    assert f"python -m {module} " in document
    named = re.search(r'(?:command|training)_parser\(\s*(?:name|"([\w.]+)"), __doc__', text)
    assert named is not None
    assert named[1] is None or module.endswith(named[1])


def _help(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        train_reconstruction.main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_names_both_stages_and_where_their_options_are(capsys) -> None:
    text = _help(capsys)
    assert "--stage images --help" in text
    assert "--stage anchors --help" in text
    assert "--cache FOLDER --out RUN_A\n" in text  # lines are as they are written
    assert "--minutes" not in text


def test_each_stage_lists_its_own_options(capsys) -> None:
    images, anchors = _help(capsys, "--stage", "images"), _help(capsys, "--stage=anchors")
    assert "--loss-sam" in images
    assert "--minutes" not in images
    assert "--minutes" in anchors
    assert "--loss-sam" not in anchors
