"""Generates the pictures and colour profiles in this folder. README.md says how to run it."""

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageFilter

HERE = Path(__file__).resolve().parent
# Width and height of the pictures: the minimum for photos of the profile `standard`, and odd numbers, which leave incomplete blocks at the
# edges. The pictures are blurred so that their files are small.
MINIMUM_SIZE, ODD_SIZE = (800, 1200), (805, 1207)
COLOURS = Path(sys.argv[1])

with Image.open(COLOURS) as opened:
    picture = opened.convert("RGB").resize((80, 120)).filter(ImageFilter.GaussianBlur(2))


def save(name, size=MINIMUM_SIZE, mode="RGB", **settings):
    image = picture.resize(size, Image.Resampling.BICUBIC).convert(mode)
    image.save(HERE / f"{name}.jpg", quality=20, **settings)


save("baseline_420", subsampling="4:2:0")
save("baseline_422_odd_size", ODD_SIZE, subsampling="4:2:2")
save("baseline_444_optimized", subsampling="4:4:4", optimize=True)
save("progressive", progressive=True)
save("progressive_444_odd_size", ODD_SIZE, progressive=True, subsampling="4:4:4")
save("progressive_restarts", ODD_SIZE, progressive=True, restart_marker_blocks=16)
save("restarts_every_7", restart_marker_blocks=7)
save("restarts_every_row", ODD_SIZE, restart_marker_rows=1)
save("gray", mode="L")
save("gray_progressive", mode="L", progressive=True)
save("rgb_without_conversion", keep_rgb=True)
save("cmyk", mode="CMYK")


def fixed(*numbers):
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def text(words):
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", 2 * len(words), 28) + words.encode("utf-16-be")


def old_text(words):
    return b"desc" + struct.pack(">4xI", len(words) + 1) + words.encode() + bytes(79)


def profile(name, version, space, tags):
    """Writes a colour profile with these tags (ICC.1). As in real profiles, equal data of several tags is stored once."""
    at = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        value += bytes(-len(value) % 4)
        if value not in data:
            data += value
        table += tag.encode() + struct.pack(">II", at + data.index(value), len(value))
    header = struct.pack(">8xI4s4s4s", version << 24, b"mntr", space, b"XYZ ") + struct.pack(">6H", 2022, 1, 1, 0, 0, 0) + b"acspAPPL"
    header += bytes(24) + fixed(0.9642, 1, 0.8249) + b"appl" + bytes(44)
    whole = header + table + data
    (HERE / f"{name}.icc").write_bytes(struct.pack(">I", len(whole)) + whole[4:])


SRGB_CURVE = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + fixed(2.4, 0.94787, 0.05213, 0.0774, 0.04045)
WHITE = b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249)
# The colour profile that phones use.
profile(
    "display_p3",
    4,
    b"RGB ",
    {
        "desc": text("Display P3"),
        "cprt": text("Copyright of whoever made this profile"),
        "wtpt": WHITE,
        "rXYZ": b"XYZ " + bytes(4) + fixed(0.51512, 0.2412, -0.00105),
        "gXYZ": b"XYZ " + bytes(4) + fixed(0.29198, 0.69225, 0.04189),
        "bXYZ": b"XYZ " + bytes(4) + fixed(0.1571, 0.06657, 0.78407),
        "chad": b"sf32" + bytes(4) + fixed(1.04788, 0.02292, -0.0502, 0.02959, 0.99048, -0.01706, -0.00923, 0.01508, 0.75168),
        "rTRC": SRGB_CURVE,
        "gTRC": SRGB_CURVE,
        "bTRC": SRGB_CURVE,
    },
)
# Photoshop's colour profile for gray pictures, in version 2 of the ICC format.
GAMMA = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))
profile("gray_gamma_2_2", 2, b"GRAY", {"desc": old_text("Gray Gamma 2.2"), "cprt": b"text" + bytes(4) + b"Rights\0", "wtpt": WHITE, "kTRC": GAMMA})

# The colour profile that cameras and programs for printing use.
ADOBE_CURVE = b"curv" + bytes(4) + struct.pack(">IH", 1, 563)
profile(
    "adobe_rgb",
    2,
    b"RGB ",
    {
        "desc": old_text("Adobe RGB (1998)"),
        "cprt": b"text" + bytes(4) + b"Rights\0",
        "wtpt": b"XYZ " + bytes(4) + fixed(0.95045, 1, 1.08905),
        "rXYZ": b"XYZ " + bytes(4) + fixed(0.60974, 0.31111, 0.01947),
        "gXYZ": b"XYZ " + bytes(4) + fixed(0.20528, 0.62567, 0.06087),
        "bXYZ": b"XYZ " + bytes(4) + fixed(0.14919, 0.06322, 0.74457),
        "rTRC": ADOBE_CURVE,
        "gTRC": ADOBE_CURVE,
        "bTRC": ADOBE_CURVE,
    },
)

# Kinds of files that cameras and common programs do not write, made with the programs of libjpeg-turbo.
UNUSUAL = HERE / "unusual"
UNUSUAL.mkdir(exist_ok=True)
plain = (HERE / "baseline_420.jpg").read_bytes()
pixels = subprocess.run(["djpeg", "-pnm"], input=plain, stdout=subprocess.PIPE, check=True).stdout


def write(name, file):
    (UNUSUAL / f"{name}.jpg").write_bytes(file)


def cjpeg(name, *settings):
    write(name, subprocess.run(["cjpeg", "-quality", "20", *settings], input=pixels, stdout=subprocess.PIPE, check=True).stdout)


def with_scans(name, script, *settings):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as scans:
        scans.write(script)
        scans.flush()
        cjpeg(name, "-scans", scans.name, *settings)


def segment(marker, payload):
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def without(file, marker):
    while (at := file.find(bytes((0xFF, marker)))) >= 0:
        file = file[:at] + file[at + 2 + int.from_bytes(file[at + 2 : at + 4]) :]
    return file


with_scans("sequential_scans_420", "0; 1; 2;", "-sample", "2x2")
with_scans("sequential_scans_422", "0; 1 2;", "-sample", "2x1")
with_scans("progressive_without_refinement", "0 1 2: 0-0, 0, 0; 0: 1-63, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 0;")
cjpeg("arithmetic", "-arithmetic")
cjpeg("sampling_3x1", "-sample", "3x1")
write("jfif_and_adobe_rgb", plain[:20] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + plain[20:])
write("no_huffman_tables", without(plain, 0xC4))
write("no_end", plain[:-2])
colours = (HERE / "display_p3.icc").read_bytes()
parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes((number, 2)) + part) for number, part in ((1, colours[:300]), (2, colours[300:]))]
write("profile_out_of_order", plain[:20] + parts[1] + parts[0] + plain[20:])
