import { expect, test } from "vitest";

import { cases, clean, compare, darkest, margin } from "./clean_cases";
import type { Raster } from "./raster";
import { measureAsService } from "./service_measure";
import { page, photograph, type Page, type Photo } from "./synthetic";

/** Checks what each result must have. */
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
  test(`cleaned: ${name}`, () => {
    const original = page(paper);
    expectClean(original, photograph(original, camera), ink);
  });
}
