import { expect, test } from "vitest";

import { cleanSignature, STRENGTH_DEFAULT } from "./clean";
import { cases, clean, compare, darkest, margin } from "./clean_cases";
import type { Raster } from "./raster";
import { findArea, inset } from "./find_area";
import { distance, project } from "./quad";
import { measureAsService } from "./service_measure";
import { INSIDE, page, photograph, type Page, type Photo } from "./synthetic";

/** Timeout in milliseconds, long enough for a busy machine. */
const TIMEOUT_MS = 300_000;

/** Checks the requirements that every result must meet. */
function expectClean(page_: Page, photo: Photo, ink: "blue" | "black", result = clean(photo)): void {
  const { cleaned } = result;
  const picture = cleaned.picture as Raster;
  expect(picture).toBeDefined();
  expect(cleaned.problems).toEqual([]);
  expect(picture.width).toBeGreaterThanOrEqual(1200);
  expect(picture.height).toBeGreaterThanOrEqual(400);
  expect(Math.abs(picture.width / picture.height / 3 - 1)).toBeLessThan(0.01);
  const { recall, falseInk } = compare(page_, photo, result);
  expect(recall).toBeGreaterThan(0.95);
  expect(falseInk).toBeLessThan(0.002);
  const measures = measureAsService(picture);
  expect(measures.paper).toBeGreaterThanOrEqual(250);
  expect(measures.contrast).toBeGreaterThanOrEqual(90);
  expect(measures.ink).toBeGreaterThanOrEqual(0.002);
  expect(measures.ink).toBeLessThanOrEqual(0.35);
  expect(measures.onEdge).toBe(0);
  expect(measures.colour).toBeLessThanOrEqual(40);
  expect(margin(picture)).toBeGreaterThan(0.05);
  const [red, , blue] = darkest(picture);
  if (ink === "blue") expect(blue - red).toBeGreaterThan(50);
  else expect(Math.abs(blue - red)).toBeLessThan(20);
}

for (const [name, paper, camera, ink] of cases) {
  test(`cleaned: ${name}`, { timeout: TIMEOUT_MS }, () => {
    const original = page(paper);
    expectClean(original, photograph(original, camera), ink);
  });
}

test("the lines of a notebook are removed from the signature's part of a large photo", { timeout: TIMEOUT_MS }, () => {
  const original = page({ pattern: "rows", scale: 4, at: [800, 600] });
  const photo = photograph(original, { width: 2800, height: 2100, blur: 2.5 });
  const settings = { quad: photo.corners, isBox: false, strength: STRENGTH_DEFAULT };
  const cleaned = cleanSignature(photo.raster, settings, { left: 0.35, top: 0.36, right: 0.6, bottom: 0.54 });
  const { recall, falseInk } = compare(original, photo, { cleaned, settings });
  expect(recall).toBeGreaterThan(0.95);
  expect(falseInk).toBeLessThan(0.002);
});

const BLANK = [
  ["white paper", { empty: true }, {}],
  ["a ruled notebook with a pen on it", { empty: true, pattern: "rows", pen: true }, { shadow: 0.6 }],
  ["an empty box", { empty: true, box: true }, {}],
] as const;
for (const [name, paper, camera] of BLANK) {
  test(`no signature is found on ${name}`, { timeout: TIMEOUT_MS }, () => {
    const { cleaned } = clean(photograph(page(paper), camera));
    expect(cleaned.picture).toBeUndefined();
    expect(cleaned.problems).toContain("empty");
  });
}

test("a dark photo and a blurred one are reported", { timeout: TIMEOUT_MS }, () => {
  const original = page({});
  expect(clean(photograph(original, { light: [0.2, 0.15], noise: 2 })).cleaned.problems).toContain("dark");
  expect(clean(photograph(original, { blur: 7 })).cleaned.problems).toContain("blurred");
});

test("a signature that leaves the area, red ink and a tiny signature are reported", { timeout: TIMEOUT_MS }, () => {
  expect(clean(photograph(page({ at: [1250, 480] }), { corners: INSIDE })).cleaned.problems).toContain("cut");
  expect(clean(photograph(page({ ink: [190, 40, 40] }))).cleaned.problems).toContain("colour");
  expect(clean(photograph(page({ scale: 2.5 }))).cleaned.problems).toContain("small");
});

test("the slider keeps more at its low end than at its high end", { timeout: TIMEOUT_MS }, () => {
  const photo = photograph(page({}));
  const ink = (strength: number) => measureAsService(clean(photo, strength).cleaned.picture as Raster).ink;
  expect(ink(0)).toBeGreaterThan(ink(1));
});

test("the corners of the sheet and of a box are found", { timeout: TIMEOUT_MS }, () => {
  const photo = photograph(page({}));
  const sheet = findArea(photo.raster);
  expect(sheet?.kind).toBe("sheet");
  const inPhoto = inset(photo.corners, 0.012);
  sheet?.quad.forEach((corner, index) => expect(distance(corner, inPhoto[index as 0])).toBeLessThan(15));
  const boxed = photograph(page({ box: true }));
  const box = findArea(boxed.raster);
  expect(box?.kind).toBe("box");
  const topLeft = project(boxed.lens, 300 / 2100, 380 / 1480);
  expect(distance(box?.quad[0] ?? { x: 0, y: 0 }, topLeft)).toBeLessThan(10);
  expect(findArea(photograph(page({}), { corners: INSIDE }).raster)).toBeUndefined();
});
