import { expect, test } from "vitest";

import { COPY_BYTES_MAX, smallestLoss } from "./small_copy";

/** Simulates a picture whose file size grows with quality and area. Records the attempts. */
function picture(bytesAtFullQuality: number) {
  const attempts: [number, number][] = [];
  const encode = (edge: number, quality: number) => {
    attempts.push([edge, quality]);
    return Promise.resolve(new Blob([new Uint8Array(Math.round(bytesAtFullQuality * quality * (edge / 640) ** 2))]));
  };
  return { attempts, encode };
}

test("a copy that fits at once is encoded once", async () => {
  const { attempts, encode } = picture(50_000);
  expect((await smallestLoss(640, encode))?.size).toBeLessThanOrEqual(COPY_BYTES_MAX);
  expect(attempts).toEqual([[640, 0.85]]);
});

test("the quality is lowered first, and then the size, until the copy fits", async () => {
  const detailed = picture(200_000);
  expect((await smallestLoss(640, detailed.encode))?.size).toBeLessThanOrEqual(COPY_BYTES_MAX);
  expect(detailed.attempts.at(-1)).toEqual([640, 0.4]);
  const noise = picture(900_000);
  expect((await smallestLoss(640, noise.encode))?.size).toBeLessThanOrEqual(COPY_BYTES_MAX);
  expect(noise.attempts.at(-1)?.[0]).toBe(320);
});

test("there is no copy if the browser cannot encode one", async () => {
  expect(await smallestLoss(640, () => Promise.resolve(undefined))).toBeUndefined();
});
