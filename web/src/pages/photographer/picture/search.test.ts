import { expect, test } from "vitest";

import { best, BEST, WORST } from "./search";

/** A picture whose file grows with quality and area; counts how often it is encoded. */
function picture(bytesAtBest: number) {
  const tried: [number, number][] = [];
  const encode = (quality: number, shrunk: number) => {
    tried.push([quality, shrunk]);
    return Promise.resolve({ file: { quality, shrunk }, bytes: bytesAtBest * shrunk ** 2 * (quality / BEST) ** 4 });
  };
  return { encode, tried };
}

test("what is small enough has the best quality, at once", async () => {
  const { encode, tried } = picture(2_000_000);
  expect(await best(encode, 3_000_000, 0.5)).toEqual({ quality: BEST, shrunk: 1 });
  expect(tried.length).toBe(1);
});

test("otherwise the highest quality that fits", async () => {
  const { encode, tried } = picture(5_000_000);
  const found = await best(encode, 3_000_000, 0.5);
  expect(found).toEqual({ quality: 88, shrunk: 1 });
  expect((await encode(89, 1)).bytes).toBeGreaterThan(3_000_000);
  expect(tried.length).toBeLessThan(10);
});

test("before blocks show, there are fewer pixels", async () => {
  const found = await best(picture(40_000_000).encode, 3_000_000, 0.2);
  expect(found?.quality).toBeGreaterThanOrEqual(WORST);
  expect(found?.shrunk).toBeLessThan(1);
});

test("never fewer than are needed", async () => {
  expect(await best(picture(400_000_000).encode, 3_000_000, 0.5)).toBeUndefined();
  const found = await best(picture(45_000_000).encode, 3_000_000, 0.5);
  expect(found?.shrunk).toBeGreaterThanOrEqual(0.5);
});
