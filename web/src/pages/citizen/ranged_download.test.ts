import { expect, it } from "vitest";

import { fetchInRanges, fileNameFrom, parseContentRange, RangeMismatch, type RangeResponse } from "./ranged_download";

it("a Content-Range header is parsed", () => {
  expect(parseContentRange("bytes 0-9/25")).toEqual({ first: 0, last: 9, total: 25 });
  expect(parseContentRange("bytes 9-0/25")).toBeUndefined();
  expect(parseContentRange("bytes 0-25/25")).toBeUndefined();
  expect(parseContentRange(null)).toBeUndefined();
});

it("the file name comes from Content-Disposition if it is safe", () => {
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

it("ranges are joined in order, each with the ETag of the first", async () => {
  const { ask, asked } = serverWithRanges(10);
  const shares: number[] = [];
  expect(await (await fetchInRanges(ask, (share) => shares.push(share))).text()).toBe(FILE);
  expect(asked).toEqual([[0, null], [10, '"1"'], [20, '"1"']]);
  expect(shares).toEqual([0.4, 0.8]);
});

it("one range may contain the whole file", async () => {
  const { ask, asked } = serverWithRanges(100);
  expect(await (await fetchInRanges(ask, () => undefined)).text()).toBe(FILE);
  expect(asked.length).toBe(1);
});

it("a complete response is used as the file, also in the middle of a download", async () => {
  const whole: RangeResponse = { blob: new Blob(["new"]), range: null, etag: null, isComplete: true };
  expect(await (await fetchInRanges(() => Promise.resolve(whole), () => undefined)).text()).toBe("new");
  const { ask } = serverWithRanges(10);
  expect(await (await fetchInRanges((from, etag) => (from === 10 ? Promise.resolve(whole) : ask(from, etag)), () => undefined)).text()).toBe("new");
});

it("ranges that do not follow each other are rejected", async () => {
  const { ask } = serverWithRanges(10);
  await expect(fetchInRanges((from, etag) => ask(from === 10 ? 11 : from, etag), () => undefined)).rejects.toThrow(RangeMismatch);
});
