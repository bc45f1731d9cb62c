import { expect, test } from "vitest";

import { encodeWithinLimit, QUALITY_MAX, QUALITY_MIN } from "./quality_search";

/** Simulates a picture whose file size grows with quality and area. Records the attempts. */
function picture(bytesAtMaxQuality: number) {
  const attempts: [number, number][] = [];
  const encode = (quality: number, scale: number) => {
    attempts.push([quality, scale]);
    return Promise.resolve({ file: { quality, shrunk: scale }, bytes: bytesAtMaxQuality * scale ** 2 * (quality / QUALITY_MAX) ** 4 });
  };
  return { encode, tried: attempts };
}

test("a small picture is encoded once, at the highest quality", async () => {
  const { encode, tried } = picture(2_000_000);
  expect(await encodeWithinLimit(encode, 3_000_000, 0.5)).toEqual({ quality: QUALITY_MAX, shrunk: 1 });
  expect(tried.length).toBe(1);
});

test("a large picture gets the highest quality that fits", async () => {
  const { encode, tried } = picture(5_000_000);
  const found = await encodeWithinLimit(encode, 3_000_000, 0.5);
  expect(found).toEqual({ quality: 88, shrunk: 1 });
  expect((await encode(89, 1)).bytes).toBeGreaterThan(3_000_000);
  expect(tried.length).toBeLessThan(10);
});

test("a picture is scaled down before the quality falls below the minimum", async () => {
  const found = await encodeWithinLimit(picture(40_000_000).encode, 3_000_000, 0.2);
  expect(found?.quality).toBeGreaterThanOrEqual(QUALITY_MIN);
  expect(found?.shrunk).toBeLessThan(1);
});

test("a picture is never scaled below the minimum scale", async () => {
  expect(await encodeWithinLimit(picture(400_000_000).encode, 3_000_000, 0.5)).toBeUndefined();
  const found = await encodeWithinLimit(picture(45_000_000).encode, 3_000_000, 0.5);
  expect(found?.shrunk).toBeGreaterThanOrEqual(0.5);
});
