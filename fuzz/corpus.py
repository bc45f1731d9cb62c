"""Generates the pictures of the corpus (fuzz/corpus/jpeg, fuzz/corpus/picture): a small one for each variant of JPEG, and hostile ones.

To generate them again: pip install pillow==13.0.0, then python fuzz/corpus.py. The other seeds are written by hand.
"""

import io
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "tests" / "fixtures"
PROFILES = HERE.parent / "shared" / "pictures" / "tests" / "data"

JFIF_WITH_THUMBNAIL = b"\xff\xe0\x00\x13JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01abc"
EXIF_TURNED = b"\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
COMMENT = b"\xff\xfe\x00\x09comment"
RESERVED = b"\xff\x02\x00\x09<html>!\xff\xc8\x00\x09%PDF-1.\xff\xf0\x00\x07PK\x03\x04\x00"
ADOBE_WITH_TAIL = b"\xff\xee\x00\x16Adobe\x00\x64\x00\x00\x00\x00\x01<script>"


def main():
    portrait = Image.open(FIXTURES / "portrait.jpg").convert("RGB").resize((40, 60))
    variants = {
        "baseline_420": (portrait, {"subsampling": 2}),
        "baseline_422_odd": (portrait.resize((39, 61)), {"subsampling": 1}),
        "baseline_444": (portrait, {"subsampling": 0, "optimize": True}),
        "restarts": (portrait, {"restart_marker_blocks": 3}),
        "gray": (portrait.convert("L"), {}),
        "progressive": (portrait, {"progressive": True}),
        "progressive_restarts": (portrait.resize((39, 61)), {"progressive": True, "restart_marker_rows": 1}),
        "gray_progressive": (portrait.convert("L"), {"progressive": True}),
        "cmyk": (portrait.convert("CMYK"), {}),
        "icc": (portrait, {"icc_profile": profile("display_p3")}),
        "icc_gray": (portrait.convert("L"), {"icc_profile": profile("gray_gamma_2_2")}),
        "icc_of_another_kind": (portrait, {"icc_profile": profile("gray_gamma_2_2")}),
        "icc_broken": (portrait, {"icc_profile": b"%PDF-1.7, not a profile"}),
    }
    made = {name: encoded(picture, **options) for name, (picture, options) in variants.items()}
    plain = made["baseline_420"]
    made["metadata"] = plain[:2] + EXIF_TURNED + COMMENT + JFIF_WITH_THUMBNAIL + plain[20:]
    made["hidden"] = plain[:20] + RESERVED + ADOBE_WITH_TAIL + ADOBE_WITH_TAIL + plain[2:]
    colours = profile("display_p3")
    made["icc_in_two_parts"] = plain[:20] + icc(1, 2, colours[:300]) + icc(2, 2, colours[300:]) + plain[20:]
    made["bytes_after_the_end"] = plain + b"PK\x03\x04 and more"
    made["cut_off"] = plain[: len(plain) * 2 // 3]
    made["cut_off_and_closed"] = made["cut_off"].rstrip(b"\xff") + b"\xff\xd9"
    made["two_frames"] = twice(plain, b"\xff\xc0")
    made["frame_of_900_megapixels"] = with_size(plain, 30_000, 30_000)
    made["progressive_of_50_megapixels"] = with_size(made["progressive"], 7_071, 7_071)
    made["no_width"] = with_size(plain, 60, 0)
    made["no_tables"] = without(plain, b"\xff\xc4")
    for name, file in made.items():
        write("jpeg", name, file)
    # These signatures have the minimum size and are accepted, so fuzzing also covers the code that runs after the checks.
    signature = Image.new("L", (1200, 400), 250)
    draw = ImageDraw.Draw(signature)
    for step in range(0, 900, 60):
        draw.line((150 + step, 300 - step % 120, 210 + step, 100 + step % 180), fill=20, width=9)
    for name, options in {"signature": {}, "signature_progressive": {"progressive": True}}.items():
        write("picture", name, encoded(signature, **{"quality": 20, "optimize": True, **options}))
    write("picture", "signature_without_ink", encoded(Image.new("L", (1200, 400), 250), quality=20, optimize=True))
    for name in ("baseline_420", "progressive", "metadata", "cmyk", "cut_off", "progressive_of_50_megapixels"):
        write("picture", name, made[name])


def encoded(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **{"quality": 60, **options})
    return file.getvalue()


def profile(name):
    return (PROFILES / f"{name}.icc").read_bytes()


def icc(number, count, part):
    return b"\xff\xe2" + (len(part) + 16).to_bytes(2) + b"ICC_PROFILE\x00" + bytes((number, count)) + part


def segment(file, marker):
    at = file.index(marker)
    return at, at + 2 + int.from_bytes(file[at + 2 : at + 4])


def twice(file, marker):
    start, end = segment(file, marker)
    return file[:end] + file[start:end] + file[end:]


def without(file, marker):
    while marker in file:
        start, end = segment(file, marker)
        file = file[:start] + file[end:]
    return file


def with_size(file, height, width):
    at = file.index(b"\xff\xc2" if b"\xff\xc2" in file else b"\xff\xc0") + 5
    return file[:at] + height.to_bytes(2) + width.to_bytes(2) + file[at + 4 :]


def write(target, name, file):
    path = HERE / "corpus" / target / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file)


if __name__ == "__main__":
    main()
