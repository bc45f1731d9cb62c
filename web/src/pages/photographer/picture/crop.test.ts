import { expect, test } from "vitest";

import { hasEnoughPixels, minScale, minWidth, maxWidth, pan, outputSize, equals, straighten, transform, rotate, fullFrame, clampToSource, zoom, type Crop } from "./crop";
import { frameOf, hasProportion, isLargeEnough, KINDS, PHOTO_PIXELS_MAX, PROFILES, type Frame, type Size } from "./profiles";

const FACE = frameOf("standard", "face");
const SIGNATURE = frameOf("standard", "signature");
const CAMERA: Size = { width: 4000, height: 3000 };
const FRAMES: readonly Frame[] = PROFILES.flatMap((profile) => KINDS.map((kind) => frameOf(profile, kind)));

/** Returns the corners of the crop in the source's pixels, by inverting the drawing transformation. */
function corners(frame: Frame, crop: Crop): [number, number][] {
  const height = (crop.width * frame.proportion.height) / frame.proportion.width;
  const [a, b, c, d, e, f] = transform(crop, 1, { x: crop.width / 2, y: height / 2 });
  const det = a * d - b * c;
  return [
    [0, 0],
    [crop.width, 0],
    [0, height],
    [crop.width, height],
  ].map(([x = 0, y = 0]) => [(d * (x - e) - c * (y - f)) / det, (-b * (x - e) + a * (y - f)) / det]);
}

function isInside(frame: Frame, source: Size, crop: Crop): boolean {
  return corners(frame, crop).every(([x, y]) => x > -0.01 && y > -0.01 && x < source.width + 0.01 && y < source.height + 0.01);
}

test("the initial crop is the largest centred one", () => {
  expect(fullFrame(FACE, CAMERA)).toEqual({ x: 2000, y: 1500, width: 2000, quarter: 0, tilt: 0 });
  expect(fullFrame(SIGNATURE, CAMERA).width).toBe(4000);
});

test("after any sequence of edits the crop lies in the source and has the proportion and the pixels", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (const frame of FRAMES) {
    for (let round = 0; round < 40; round += 1) {
      const source = { width: 1300 + Math.floor(random() * 6000), height: 1300 + Math.floor(random() * 6000) };
      let crop = fullFrame(frame, source);
      for (let step = 0; step < 12; step += 1) {
        const doing = Math.floor(random() * 4);
        if (doing === 0) crop = pan(frame, source, crop, random() * 4 - 2, random() * 4 - 2);
        else if (doing === 1) crop = zoom(frame, source, crop, 0.3 + random() * 3, { x: random() - 0.5, y: random() - 0.5 });
        else if (doing === 2) crop = rotate(frame, source, crop, random() < 0.5 ? 1 : -1);
        else crop = straighten(frame, source, crop, random() * 60 - 30);
        expect(isInside(frame, source, crop)).toBe(true);
        const size = outputSize(frame, crop);
        expect(hasProportion(frame, size)).toBe(true);
        expect(size.width * size.height).toBeLessThanOrEqual(PHOTO_PIXELS_MAX);
        expect(isLargeEnough(frame, size)).toBe(hasEnoughPixels(frame, crop));
      }
    }
  }
});

test("zooming stops at the minimum size, and small pictures are not upscaled", () => {
  const nearest = zoom(FACE, CAMERA, fullFrame(FACE, CAMERA), 100);
  expect(nearest.width).toBe(800);
  expect(outputSize(FACE, nearest)).toEqual({ width: 800, height: 1200 });
  const small = { width: 700, height: 3000 };
  const all = fullFrame(FACE, small);
  expect(hasEnoughPixels(FACE, all)).toBe(false);
  expect(outputSize(FACE, all)).toEqual({ width: 700, height: 1050 });
  expect(minWidth(FACE, small, all)).toBe(maxWidth(FACE, small, all));
});

test("the point under the fingers stays in place while zooming", () => {
  const crop = fullFrame(FACE, CAMERA);
  const about = { x: 0.2, y: -0.3 };
  const nearer = zoom(FACE, CAMERA, crop, 1.5, about);
  for (const axis of ["x", "y"] as const) expect(nearer[axis] + about[axis] * nearer.width).toBeCloseTo(crop[axis] + about[axis] * crop.width);
});

test("a rotated picture follows the direction of panning", () => {
  const near = zoom(FACE, CAMERA, fullFrame(FACE, CAMERA), 2);
  expect(pan(FACE, CAMERA, near, 0.1, 0)).toMatchObject({ x: near.x - 0.1 * near.width, y: near.y });
  const onItsSide = rotate(FACE, CAMERA, near, 1);
  const pushed = pan(FACE, CAMERA, onItsSide, 0.1, 0);
  expect(pushed.x).toBeCloseTo(onItsSide.x);
  expect(pushed.y).toBeCloseTo(onItsSide.y + 0.1 * onItsSide.width);
});

test("four quarter turns, and a tilt that is undone, restore the crop", () => {
  let crop = fullFrame(FACE, CAMERA);
  for (let quarter = 0; quarter < 4; quarter += 1) crop = rotate(FACE, CAMERA, crop, 1);
  expect(equals(crop, fullFrame(FACE, CAMERA))).toBe(true);
  expect(equals(straighten(FACE, CAMERA, straighten(FACE, CAMERA, crop, 5), 0), crop)).toBe(true);
});

test("the output never exceeds fifty megapixels", () => {
  const size = outputSize(FACE, fullFrame(FACE, { width: 12000, height: 18000 }));
  expect(size.width * size.height).toBeLessThanOrEqual(PHOTO_PIXELS_MAX);
  expect(size.width).toBeGreaterThan(5700);
});

test("the minimum scale gives exactly the minimum size", () => {
  const crop = clampToSource(FACE, CAMERA, { ...fullFrame(FACE, CAMERA), width: 1600 });
  expect(outputSize(FACE, crop, minScale(FACE, crop))).toEqual(FACE.minSize);
});
