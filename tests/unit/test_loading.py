"""What a user relies on when a photograph is opened: upright, true colours, clear refusals."""

import io
import os

import numpy as np
import pytest
from PIL import Image, ImageCms

from inference.errors import InvalidImageError
from inference.files import resource_path
from inference.portrait.loading import MAX_SIDE, load_image

COLOURS = np.array([[[220, 40, 40], [40, 200, 60]], [[50, 60, 210], [240, 240, 240]]], np.uint8)
"""Red, green, blue and white quarters: tell every turn and mirror."""


def quarters(width=96, height=64):
    rows = np.arange(height) * 2 // height
    columns = np.arange(width) * 2 // width
    return COLOURS[rows[:, None], columns]


def corners(rgb):
    """Colours in the middle of the four quarters, [2, 2, 3] 0..255."""
    height, width = rgb.shape[:2]
    rows, columns = [height // 4, 3 * height // 4], [width // 4, 3 * width // 4]
    return rgb[rows][:, columns] * 255


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_exif_orientation_comes_out_upright(kind, orientation):
    undo = {
        1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    stored = Image.fromarray(quarters())
    for step in undo[orientation]:
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    image = load_image(encoded(stored, kind, exif=exif, **options))
    assert image.size == (96, 64)
    assert np.abs(corners(image.rgb) - COLOURS).max() < 25


def test_senseless_orientation_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert load_image(encoded(Image.fromarray(quarters()), "PNG", exif=exif)).size == (96, 64)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LA", "PA", "RGBX"])
def test_other_colour_modes(mode):
    picture = Image.fromarray(quarters())
    if mode == "P":
        stored = picture.quantize(4)
    else:
        stored = picture.convert("LA").convert("PA") if mode == "PA" else picture.convert(mode)
    kind = {"CMYK": "TIFF", "YCbCr": "TIFF", "LA": "PNG", "RGBX": "TIFF", "PA": "TIFF"}
    image = load_image(encoded(stored, kind.get(mode, "PNG")))
    assert image.rgb.shape == (64, 96, 3)
    assert image.rgb.dtype == np.float32
    assert image.alpha is None
    if mode in ("P", "CMYK", "YCbCr", "RGBX"):
        assert np.abs(corners(image.rgb) - COLOURS).max() < 20
    elif mode != "1":
        assert np.ptp(image.rgb, axis=2).max() == 0
        luminance = np.asarray(picture.convert("L"))[[16, 48]][:, [24, 72]]
        assert np.abs(corners(image.rgb)[..., 0] - luminance).max() < 3


def test_cmyk_jpeg_is_not_inverted():
    data = encoded(Image.fromarray(quarters()).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(corners(load_image(data).rgb) - COLOURS).max() < 25


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_steps(kind):
    ramp = np.tile(np.arange(64, dtype=np.uint16) * 3 + 30000, (48, 1))
    image = load_image(encoded(Image.fromarray(ramp), kind))
    assert len(np.unique(image.rgb[0, :, 0])) == 64
    assert image.rgb[0, 0, 0] == pytest.approx(30000 / 65535, abs=1e-6)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_float_tiff_of_any_range_without_numbers_that_are_none(top):
    grey = np.linspace(0, top, 64 * 64, dtype=np.float32).reshape(64, 64)
    grey[:2, :3] = [np.nan, np.inf, -np.inf]
    image = load_image(encoded(Image.fromarray(grey), "TIFF"))
    assert np.isfinite(image.rgb).all()
    assert image.rgb[32, 32, 0] == pytest.approx(grey[32, 32] / top, abs=1e-3)


def test_transparency_is_kept_and_hides_what_lies_under_it():
    rgba = np.dstack([quarters(), np.full((64, 96), 255, np.uint8)])
    rgba[:, 48:, 3] = 0
    rgba[:, 48:, :3] = 255, 0, 255
    image = load_image(encoded(Image.fromarray(rgba), "PNG"))
    assert image.alpha is not None
    assert image.alpha.shape == (64, 96)
    assert (image.alpha[:, :48] == 1).all()
    assert (image.alpha[:, 48:] == 0).all()
    assert np.allclose(image.rgb[:, 48:], 0.5)


def test_transparent_palette_colour():
    stored = Image.fromarray(quarters()).quantize(4)
    index = stored.getpixel((0, 0))
    image = load_image(encoded(stored, "PNG", transparency=index))
    assert image.alpha is not None
    assert image.alpha[0, 0] == 0
    assert image.alpha[-1, -1] == 1


def test_opaque_alpha_channel_is_none():
    assert load_image(encoded(Image.fromarray(quarters()).convert("RGBA"), "PNG")).alpha is None


def test_fully_transparent_picture_is_refused():
    with pytest.raises(InvalidImageError, match="transparent"):
        load_image(encoded(Image.new("RGBA", (64, 64)), "PNG"))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_gives_its_first_frame(kind):
    frames = [Image.fromarray(quarters()), Image.new("RGB", (96, 64)), Image.new("RGB", (96, 64))]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert np.abs(corners(load_image(data).rgb) - COLOURS).max() < 25


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_colour_profile_is_applied(kind):
    """A file in a colour space whose red and green primaries are swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    stored = Image.fromarray(np.ascontiguousarray(quarters()[..., [1, 0, 2]]))
    data = encoded(stored, kind, icc_profile=swapped, **({"quality": 95} if kind != "PNG" else {}))
    assert np.abs(corners(load_image(data).rgb) - COLOURS).max() < 20


def test_damaged_colour_profile_is_ignored():
    data = encoded(Image.fromarray(quarters()), "PNG", icc_profile=b"not a profile" * 20)
    assert np.abs(corners(load_image(data).rgb) - COLOURS).max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_pictures_are_made_smaller(kind):
    image = load_image(encoded(Image.fromarray(quarters(5000, 900)), kind))
    assert max(image.size) == MAX_SIDE
    assert image.size[1] == pytest.approx(900 * MAX_SIDE / 5000, abs=1)
    assert np.abs(corners(image.rgb) - COLOURS).max() < 20


def test_names(tmp_path):
    data = encoded(Image.fromarray(quarters()), "PNG")
    (tmp_path / "Ada L.png").write_bytes(data)
    assert load_image(tmp_path / "Ada L.png").name == "Ada L"
    assert load_image(data).name == "pasted"
    assert load_image(data, "clipboard").name == "clipboard"


def test_the_sample_portrait_is_a_picture_without_transparency():
    image = load_image(resource_path("samples/astronaut.png"))
    assert image.size == (512, 512)
    assert image.alpha is None


def test_what_is_no_file_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "absent.png", tmp_path / "nul\0.png"):
        with pytest.raises(InvalidImageError, match="choose"):
            load_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes in folders")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InvalidImageError, match="not a file"):
        load_image(tmp_path / "pipe.png")
