"""Bad use of the command line gets one sentence and exit status 2."""

import re

import pytest

from desktop.__main__ import main


@pytest.mark.parametrize(
    "words",
    [
        ["reconstruct"],
        ["reconstruct", "a.png"],
        ["reconstruct", "nowhere.png", "--out", "x"],
        ["parse", "nowhere.png", "--out", "map.png"],
        ["edit", "--map", "nowhere.png", "--style-text", "old", "--out", "head.ply"],
        ["video", "nowhere.mp4", "--out", "head.mp4"],
        ["reconstruct", "nowhere.png", "--out", "x", "--size", "3"],
        ["reconstruct", "nowhere.png", "--out", "x", "--size", "many"],
        ["reconstruct", "nowhere.png", "--out", "x", "--strength", "2"],
        ["reconstruct", "nowhere.png", "--out", "x", "--strength", "nan"],
        ["reconstruct", "nowhere.png", "--out", "x", "--layers", "99"],
        ["reconstruct", "nowhere.png", "--out", "x", "--face", "0"],
        ["reconstruct", "nowhere.png", "--out", "x", "--crop", "1,2"],
        ["reconstruct", "nowhere.png", "--out", "x", "--crop", "1,2,nan"],
        ["reconstruct", "nowhere.png", "--out", "x", "--preset", "gigantic"],
        ["render", "nowhere.ply"],
        ["--frobnicate"],
        ["portrait.jpg", "--no-video"],
        ["."],
        ["reconstruct", ".", "--out", "x"],
        ["nowhere.jpg"],
        ["test"],
    ],
)
def test_bad_use_is_one_sentence(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("perchead: ")
    assert "\n" not in message
    assert message.endswith((".", "'."))
    assert list(tmp_path.iterdir()) == []


def test_sentences_name_the_program_as_it_was_typed(capsys, monkeypatch):
    monkeypatch.setenv("PERCHEAD_PROGRAM", "./run")
    for words in (["nowhere.jpg"], ["reconstruct"], ["--frobnicate"]):
        assert main(words) == 2
        assert "'./run " in capsys.readouterr().err


def test_an_option_without_a_sub_command_is_called_an_option(capsys):
    assert main(["--no-video"]) == 2
    assert "no file" not in capsys.readouterr().err


def test_a_folder_is_called_a_folder(capsys, tmp_path):
    for words in ([str(tmp_path)], ["reconstruct", str(tmp_path), "--out", str(tmp_path)]):
        assert main(words) == 2
        assert "is a folder" in capsys.readouterr().err


def test_a_file_s_name_for_a_folder_is_called_so_unless_there_is_such_a_folder(capsys, tmp_path):
    assert main(["parse", "nowhere.png", "--out", str(tmp_path / "map.png")]) == 2
    assert "map.png is a file's name: give a folder" in capsys.readouterr().err
    (tmp_path / "odd.png").mkdir()
    assert main(["parse", "nowhere.png", "--out", str(tmp_path / "odd.png")]) == 2
    assert "no file nowhere.png" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("PercHead ")


def test_help_lists_the_sub_commands(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for name in ("reconstruct", "render", "doctor", "setup", "test"):
        assert re.search(rf"^\s+{name}\b", text, re.MULTILINE)
