"""Over 200 damaged, odd and malicious files: each loads or gets its sentence, none does harm."""

import io
import json
import random
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MEMORY_LIMIT = 2 * 2**30
SECONDS_PER_FILE = 30
KINDS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif", "GIF": "gif", "BMP": "bmp",
         "AVIF": "avif", "JPEG2000": "jp2"}  # fmt: skip

LOADER = """
import json, sys, time
from pathlib import Path
from inference.errors import PercHeadError
from inference.memory import peak_memory_bytes
from inference.portrait.loading import load_image
for path in sorted(Path(sys.argv[1]).iterdir()):
    start, shape, error = time.perf_counter(), None, None
    try:
        image = load_image(path)
        shape = list(image.rgb.shape)
        finite = bool((image.rgb >= 0).all() and (image.rgb <= 1).all())
    except PercHeadError as problem:
        error, finite = str(problem), True
    seconds = time.perf_counter() - start
    print(json.dumps([path.name, shape, error, finite, seconds, peak_memory_bytes()]), flush=True)
"""


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(width=160, height=120):
    """Smooth colours with some noise: compresses like a photograph."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
    pixels = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noise = rng.integers(-6, 7, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, data, *extra, depth=8, colour=2):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def truncated():
    for kind, suffix in KINDS.items():
        data = encoded(photograph(), kind)
        for index, share in enumerate((0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.98)):
            yield f"cut-{suffix}-{index}.{suffix}", data[: max(1, int(len(data) * share))]


def scrambled():
    """Valid files in which some bytes were overwritten, mostly in the head."""
    for kind, suffix in KINDS.items():
        data = encoded(photograph(), kind)
        for seed in range(8):
            rng = random.Random(seed)
            damaged = bytearray(data)
            reach = len(data) if seed % 2 else min(len(data), 120)
            for _ in range(rng.randint(1, 12)):
                damaged[rng.randrange(reach)] = rng.randrange(256)
            yield f"scrambled-{suffix}-{seed}.{suffix}", bytes(damaged)


def no_pictures():
    rng = random.Random(1)
    for suffix in KINDS.values():
        yield f"empty-{suffix}.{suffix}", b""
        yield f"random-{suffix}.{suffix}", rng.randbytes(5000)
        yield f"text-{suffix}.{suffix}", b"This is a letter, not a picture.\n" * 50
    signatures = {
        "jpg": b"\xff\xd8\xff\xe0",
        "png": b"\x89PNG\r\n\x1a\n",
        "webp": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        "tif": b"II*\0\x08\0\0\0",
        "gif": b"GIF89a",
        "bmp": b"BM",
        "avif": b"\0\0\0\x1cftypavif",
        "heic": b"\0\0\0\x18ftypheic",
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'>",
        "psd": b"8BPS\0\x01",
        "pdf": b"%PDF-1.7\n",
    }
    for suffix, signature in signatures.items():
        yield f"signature-{suffix}.{suffix}", signature
        yield f"signature-random-{suffix}.{suffix}", signature + rng.randbytes(3000)


def bombs():
    zeros = zlib.compress(bytes(1_000_000), 9)
    yield "bomb-header.png", png(60000, 60000, zeros)
    yield "bomb-extreme.png", png(2**31 - 1, 2**31 - 1, zeros)
    yield "bomb-zero.png", png(0, 0, zeros)
    deflate = zlib.compressobj(9)
    rows = b"".join(deflate.compress(bytes(10**7)) for _ in range(60)) + deflate.flush()
    yield "bomb-deflated.png", png(14000, 14000, rows)
    # 600 MB of text or profile in a small file.
    yield "bomb-text.png", png(64, 64, zeros, png_chunk(b"zTXt", b"k\0\0" + rows))
    yield "bomb-profile.png", png(64, 64, zeros, png_chunk(b"iCCP", b"p\0\0" + rows))
    yield "bomb.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 10**5, 10**5,
                                          1, 24, 0, 0, 0, 0, 0, 0)  # fmt: skip
    yield "bomb-negative.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, -5,
                                                   -(2**31), 1, 24, 0, 0, 0, 0, 0, 0)  # fmt: skip
    yield "bomb.gif", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0xF7, 0, 0) + bytes(800)
    yield "bomb.pgm", b"P5 100000 100000 255\n" + bytes(100)
    yield "bomb-digits.pgm", b"P5 " + b"9" * 5000 + b" 1 255\n"
    jpeg = bytearray(encoded(photograph(), "JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    yield "bomb.jpg", bytes(jpeg)
    tags = [(256, 4, 200000), (257, 4, 200000), (258, 3, 8), (259, 3, 1), (262, 3, 1),
            (273, 4, 8), (277, 3, 1), (278, 4, 200000), (279, 4, 2**32 - 1)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    yield "bomb.tif", b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    loop = struct.pack("<HHII", 256, 4, 1, 64) * 3
    yield "loop.tif", b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + loop + struct.pack("<I", 8)


def odd_sizes():
    for kind, suffix in KINDS.items():
        yield f"tiny-1x1-{suffix}.{suffix}", encoded(Image.new("RGB", (1, 1)), kind)
    for size in ((1, 5000), (5000, 1), (31, 400), (33, 33), (20000, 40), (40, 20000)):
        yield f"size-{size[0]}x{size[1]}.png", encoded(Image.new("RGB", size), "PNG")


def large():
    """20,000 pixels wide, and near the limit in pixels, in modes that take much memory."""
    wide = photograph(2000, 400).resize((20000, 4000), Image.Resampling.NEAREST)
    yield "wide.jpg", encoded(wide, "JPEG", quality=60)
    yield "wide.tif", encoded(wide.crop((0, 0, 20000, 2000)), "TIFF", compression="tiff_lzw")
    for mode in ("RGBA", "P"):
        flat = Image.new(mode, (10900, 10900), 7 if mode == "P" else (90, 80, 70, 200))
        yield f"large-{mode}.png", encoded(flat, "PNG", compress_level=1)
    row = zlib.compress(bytes((1 + 10900 * 2) * 10900), 1)
    yield "large-16bit.png", png(10900, 10900, row, depth=16, colour=0)
    yield "large-16bit-rgb.png", png(20000, 5900, zlib.compress(bytes((1 + 120000) * 5900), 1),
                                     depth=16)  # fmt: skip


def wrong_suffix():
    kinds = list(KINDS.items())
    for (kind, _), (_, suffix) in zip(kinds, kinds[1:] + kinds[:1], strict=True):
        yield f"misnamed-{kind}.{suffix}", encoded(photograph(), kind)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Load every file in one fresh process; [name, shape, error, in range, seconds, memory]."""
    folder = tmp_path_factory.mktemp("hostile")
    makers = (truncated, scrambled, no_pictures, bombs, odd_sizes, large, wrong_suffix)
    for maker in makers:
        for name, content in maker():
            (folder / name).write_bytes(content)
    command = [sys.executable, "-c", LOADER, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])
    assert [line[0] for line in lines] == sorted(path.name for path in folder.iterdir())
    shutil.rmtree(folder)
    return {line[0]: line[1:] for line in lines}


def test_there_are_enough_files(outcomes):
    assert len(outcomes) >= 200


def test_each_loads_within_range_or_gets_one_sentence(outcomes):
    for name, (shape, error, in_range, _, _) in outcomes.items():
        assert in_range, name
        if error is None:
            assert len(shape) == 3, name
            assert min(shape[:2]) >= 32, name
            assert max(shape[:2]) <= 4096, name
        else:
            assert error.endswith("."), name
            assert "\n" not in error, name
            assert len(error) < 400, name


def test_none_takes_two_gigabytes_or_long(outcomes):
    for name, (_, _, _, seconds, peak) in outcomes.items():
        assert peak < MEMORY_LIMIT, name
        assert seconds < SECONDS_PER_FILE, name


@pytest.mark.parametrize("start", ["empty", "text", "random", "signature", "tiny", "bomb"])
def test_what_is_no_usable_picture_is_refused(outcomes, start):
    chosen = {name: o for name, o in outcomes.items() if name.startswith(start)}
    assert chosen
    assert [name for name, outcome in chosen.items() if outcome[1] is None] == []


@pytest.mark.parametrize("start", ["misnamed", "large", "wide", "size-33x33"])
def test_what_is_a_good_picture_is_loaded(outcomes, start):
    chosen = {name: o for name, o in outcomes.items() if name.startswith(start)}
    assert chosen
    assert [name for name, outcome in chosen.items() if outcome[1] is not None] == []


def test_a_cut_file_is_never_shown_half(outcomes):
    for name, (_, error, _, _, _) in outcomes.items():
        # The last bytes of some formats hold no pixels.
        if name.startswith("cut-") and not name.split(".")[0].endswith("6"):
            assert error is not None, name
