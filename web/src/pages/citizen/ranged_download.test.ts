import { expect, it } from "vitest";

import { fetchInRanges, fileNameFrom, parseContentRange, RangeMismatch, type RangeResponse } from "./ranged_download";

it("a part says where it lies", () => {
  expect(parseContentRange("bytes 0-9/25")).toEqual({ first: 0, last: 9, total: 25 });
  expect(parseContentRange("bytes 9-0/25")).toBeUndefined();
  expect(parseContentRange("bytes 0-25/25")).toBeUndefined();
  expect(parseContentRange(null)).toBeUndefined();
});

it("a file has the name that the service gives it, if it is one", () => {
  expect(fileNameFrom('attachment; filename="photos.zip"', "x")).toBe("photos.zip");
  expect(fileNameFrom('attachment; filename="../photos"', "x.zip")).toBe("x.zip");
  expect(fileNameFrom(null, "x.zip")).toBe("x.zip");
});

const FILE = "abcdefghijklmnopqrstuvwxy";

function serverWithRanges(size: number) {
  const requests: [number, string | null][] = [];
  const fetchFrom = (from: number, etag: string | null): Promise<RangeResponse> => {
    requests.push([from, etag]);
    const text = FILE.slice(from, from + size);
    return Promise.resolve({ blob: new Blob([text]), range: `bytes ${from}-${from + text.length - 1}/${FILE.length}`, etag: '"1"', isComplete: false });
  };
  return { ask: fetchFrom, asked: requests };
}

it("parts are joined in order, each of the same file", async () => {
  const { ask, asked } = serverWithRanges(10);
  const shares: number[] = [];
  expect(await (await fetchInRanges(ask, (share) => shares.push(share))).text()).toBe(FILE);
  expect(asked).toEqual([[0, null], [10, '"1"'], [20, '"1"']]);
  expect(shares).toEqual([0.4, 0.8]);
});

it("one part may be all", async () => {
  const { ask, asked } = serverWithRanges(100);
  expect(await (await fetchInRanges(ask, () => undefined)).text()).toBe(FILE);
  expect(asked.length).toBe(1);
});

it("a whole file is taken as it is, also where it changed on the way", async () => {
  const whole: RangeResponse = { blob: new Blob(["new"]), range: null, etag: null, isComplete: true };
  expect(await (await fetchInRanges(() => Promise.resolve(whole), () => undefined)).text()).toBe("new");
  const { ask } = serverWithRanges(10);
  expect(await (await fetchInRanges((from, etag) => (from === 10 ? Promise.resolve(whole) : ask(from, etag)), () => undefined)).text()).toBe("new");
});

it("parts that do not fit are no file", async () => {
  const { ask } = serverWithRanges(10);
  await expect(fetchInRanges((from, etag) => ask(from === 10 ? 11 : from, etag), () => undefined)).rejects.toThrow(RangeMismatch);
});
