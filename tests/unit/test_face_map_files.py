"""Face maps as files: what is written comes back, and no file does harm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.errors import InvalidFaceMapError, OutputError
from inference.face_map.document import SIZE
from inference.face_map.files import read_face_map, write_face_map
from inference.face_map.labels import COLOURS, Label
from inference.files import resource_path


def blocks(size: int = SIZE) -> np.ndarray:
    """All classes in stripes."""
    return np.broadcast_to((np.arange(size) * 19 // size).astype(np.uint8), (size, size)).copy()


def test_a_map_comes_back_as_it_was(tmp_path):
    write_face_map(tmp_path / "map.png", blocks())
    np.testing.assert_array_equal(read_face_map(tmp_path / "map.png"), blocks())
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.mode == "P"
        np.testing.assert_array_equal(np.asarray(picture), blocks())
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), COLOURS[blocks()])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P shuffled", "I;16", "P foreign"])
def test_other_ways_to_save_a_map_are_understood(tmp_path, mode):
    labels, path = blocks(), tmp_path / "map.png"
    if mode in ("RGB", "RGBA"):
        Image.fromarray(COLOURS[labels]).convert(mode).save(path)
    elif mode == "L":
        Image.fromarray(labels).save(path)
    elif mode == "I;16":
        Image.fromarray(labels.astype(np.uint16)).save(path)
    elif mode == "P shuffled":  # an editor that sorts its palette
        picture = Image.fromarray((18 - labels).astype(np.uint8))
        picture.putpalette(COLOURS[::-1].tobytes())
        picture.save(path)
    else:  # another program's colours: the index says the class
        picture = Image.fromarray(labels)
        picture.putpalette(np.random.default_rng(0).integers(0, 256, 57, np.uint8).tobytes())
        picture.save(path)
    np.testing.assert_array_equal(read_face_map(path), labels)


def test_another_size_is_scaled_to_the_nearest_pixel(tmp_path):
    for size in (128, 1024):
        picture = Image.fromarray(blocks(size))
        picture.putpalette(COLOURS.tobytes())
        picture.save(tmp_path / "map.png")
        read = read_face_map(tmp_path / "map.png")
        assert read.shape == (SIZE, SIZE)
        assert (read == blocks()).mean() > 0.93
        assert set(np.unique(read)) == set(range(19))


def test_soft_edges_and_lossy_colours_go_to_the_nearest_class(tmp_path):
    Image.fromarray(COLOURS[blocks()]).save(tmp_path / "map.jpg", quality=85)
    assert (read_face_map(tmp_path / "map.jpg") == blocks()).mean() > 0.9


def test_clear_pixels_are_background(tmp_path):
    rgba = np.dstack([COLOURS[blocks()], np.full((SIZE, SIZE), 255, np.uint8)])
    rgba[:100, :, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "map.png")
    read = read_face_map(tmp_path / "map.png")
    assert (read[:100] == Label.BACKGROUND).all()
    np.testing.assert_array_equal(read[100:], blocks()[100:])


def test_what_is_no_map_is_refused_with_one_sentence(tmp_path):
    photograph = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(photograph).save(tmp_path / "photograph.png")
    Image.fromarray(photograph[..., 0]).save(tmp_path / "grey.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    write_face_map(tmp_path / "map.png", blocks())
    whole = (tmp_path / "map.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    for name in ("photograph", "grey", "text", "empty", "cut", "huge", "missing"):
        with pytest.raises(InvalidFaceMapError) as caught:
            read_face_map(tmp_path / f"{name}.png")
        message = str(caught.value)
        assert f"{name}.png" in message
        assert message.endswith(".")
        assert "\n" not in message
    with pytest.raises(InvalidFaceMapError):
        read_face_map(tmp_path)
    with pytest.raises(InvalidFaceMapError, match="something else than a face map"):
        read_face_map(resource_path("samples/astronaut.png"))  # skin is near some classes' colours


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    picture = Image.fromarray(blocks(32))
    picture.putpalette(COLOURS.tobytes())
    picture.save(folder / "map.png")
    content = bytearray((folder / "map.png").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "map.png").write_bytes(content)
    try:
        labels = read_face_map(folder / "map.png")
    except InvalidFaceMapError:
        return
    assert labels.shape == (SIZE, SIZE)
    assert labels.dtype == np.uint8
    assert labels.max() < 19


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_face_map(tmp_path / "file" / "map.png", blocks())
