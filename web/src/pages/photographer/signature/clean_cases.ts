/* Test cases and helpers for `cleanSignature`. The helpers clean a photo, and compare the result with the known strokes. */
import { cleanSignature, STRENGTH_DEFAULT, type Cleaned } from "./clean";
import { findArea } from "./find_area";
import { fullQuad, perspective, project } from "./quad";
import { dilate, type Raster } from "./raster";
import { BLACK, INSIDE, invert, type page, type photograph, type Page, type Photo } from "./synthetic";

export function clean(photo: Photo, strength = STRENGTH_DEFAULT): { cleaned: Cleaned; settings: Parameters<typeof cleanSignature>[1] } {
  const found = findArea(photo.raster);
  const settings = { quad: found?.quad ?? fullQuad(photo.raster), isBox: found?.kind === "box", strength };
  return { cleaned: cleanSignature(photo.raster, settings), settings };
}

/**
 * Compares the result with the known strokes. `recall` is the share of the known strokes' pixels that have ink nearby in the result.
 * `falseInk` is the share of the result's pixels that have ink although no known stroke is near.
 */
export function compare({ truth }: Page, photo: Photo, { cleaned, settings }: ReturnType<typeof clean>): { recall: number; falseInk: number } {
  const picture = cleaned.picture as Raster;
  const area = perspective(settings.quad);
  const toPage = invert(photo.lens);
  const ink = { width: truth.width, height: truth.height, data: new Uint8Array(truth.data.length) };
  const reach = Math.ceil(truth.width / Math.hypot(photo.corners[1].x - photo.corners[0].x, photo.corners[1].y - photo.corners[0].y)) + 1;
  const near = dilate(truth, 2 * reach);
  let [falseInk, all] = [0, 0];
  const { window } = cleaned;
  for (let y = 0; y < picture.height; y += 1) for (let x = 0; x < picture.width; x += 1) {
    all += 1;
    if ((picture.data[(y * picture.width + x) * 4] ?? 255) > 160) continue;
    const point = project(area, window.left + ((x + 0.5) / picture.width) * (window.right - window.left), window.top + ((y + 0.5) / picture.height) * (window.bottom - window.top));
    const w = toPage[6] * point.x + toPage[7] * point.y + toPage[8];
    const px = Math.floor(((toPage[0] * point.x + toPage[1] * point.y + toPage[2]) / w) * truth.width);
    const py = Math.floor(((toPage[3] * point.x + toPage[4] * point.y + toPage[5]) / w) * truth.height);
    if (near.data[py * truth.width + px] !== 1) falseInk += 1;
    ink.data[py * truth.width + px] = 1;
  }
  const reached = dilate(ink, reach);
  let [hit, strokes] = [0, 0];
  truth.data.forEach((value, index) => {
    if (value === 0) return;
    strokes += 1;
    if (reached.data[index] === 1) hit += 1;
  });
  return { recall: hit / strokes, falseInk: falseInk / all };
}

/** Returns the smallest distance of ink from an edge of the picture, as a fraction of the picture's width or height. */
export function margin({ width, height, data }: Raster): number {
  let least = 1;
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    if ((data[(y * width + x) * 4] ?? 255) < 200) least = Math.min(least, x / width, (width - x) / width, y / height, (height - y) / height);
  }
  return least;
}

/** Returns the mean colour of the darkest pixels. */
export function darkest({ data }: Raster): [number, number, number] {
  const reds = data.filter((_, index) => index % 4 === 0);
  const limit = reds.reduce((least, red) => Math.min(least, red), 255) + 6;
  const sums: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (let from = 0; from < data.length; from += 4) {
    if ((data[from] ?? 255) > limit) continue;
    for (const channel of [0, 1, 2] as const) sums[channel] += data[from + channel] ?? 0;
    count += 1;
  }
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

export const cases: readonly (readonly [string, Parameters<typeof page>[0], Parameters<typeof photograph>[1], "blue" | "black"])[] = [
  ["plain paper on a dark table, tilted", {}, {}, "blue"],
  ["a shadow with an edge", {}, { shadow: 0.55 }, "blue"],
  ["yellow light and yellowish paper", { ink: BLACK, paper: [236, 222, 186] }, { tint: [1, 0.9, 0.7] }, "black"],
  ["dim light with noise", { ink: BLACK }, { light: [0.55, 0.42], noise: 7 }, "black"],
  ["a ruled notebook", { pattern: "rows" }, { shadow: 0.7 }, "blue"],
  ["squared paper", { pattern: "squares" }, {}, "blue"],
  ["squared paper and black ink", { pattern: "squares", ink: BLACK }, { shadow: 0.65 }, "black"],
  ["gray lines as thick as strokes", { pattern: "rows", patternColour: [170, 170, 172], ink: BLACK }, {}, "black"],
  ["a photo of a part of a ruled page, without its edges", { pattern: "rows" }, { corners: INSIDE }, "blue"],
  ["a printed box with text above it", { box: true, text: true }, {}, "blue"],
  ["a printed box and black ink", { box: true, ink: BLACK }, { corners: INSIDE }, "black"],
  ["a printed baseline", { baseline: true }, {}, "blue"],
  ["a black pen on the paper", { pen: true }, { shadow: 0.7 }, "blue"],
  ["a bright wooden table", {}, { table: [206, 164, 112] }, "blue"],
  ["a pen that is pressed unevenly", { pressure: 0.38 }, {}, "blue"],
  ["a light blue pen", { ink: [88, 104, 176] }, {}, "blue"],
];

