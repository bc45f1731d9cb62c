"""Makes the pictures beside it: what cameras and programs write besides plain baseline files. README.md says how to run it."""

import sys
from pathlib import Path

from PIL import Image, ImageFilter

HERE = Path(__file__).resolve().parent
# Soft pictures make small files; the size is the least that the profile takes, and odd where that matters.
LEAST, ODD = (800, 1200), (805, 1207)
COLOURS = Path(sys.argv[1])

with Image.open(COLOURS) as opened:
    picture = opened.convert("RGB").resize((80, 120)).filter(ImageFilter.GaussianBlur(2))


def save(name, size=LEAST, mode="RGB", **settings):
    image = picture.resize(size, Image.Resampling.BICUBIC).convert(mode)
    image.save(HERE / f"{name}.jpg", quality=20, **settings)


save("baseline_420", subsampling="4:2:0")
save("baseline_422_odd_size", ODD, subsampling="4:2:2")
save("baseline_444_optimized", subsampling="4:4:4", optimize=True)
save("progressive", progressive=True)
save("progressive_444_odd_size", ODD, progressive=True, subsampling="4:4:4")
save("progressive_restarts", ODD, progressive=True, restart_marker_blocks=16)
save("restarts_every_7", restart_marker_blocks=7)
save("restarts_every_row", ODD, restart_marker_rows=1)
save("gray", mode="L")
save("gray_progressive", mode="L", progressive=True)
save("rgb_without_conversion", keep_rgb=True)
save("cmyk", mode="CMYK")
