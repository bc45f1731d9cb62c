import { expect, it } from "vitest";

import { joined, nameOf, partOf, PartsDoNotFit, type Part } from "./parts_of_file";

it("a part says where it lies", () => {
  expect(partOf("bytes 0-9/25")).toEqual({ first: 0, last: 9, total: 25 });
  expect(partOf("bytes 9-0/25")).toBeUndefined();
  expect(partOf("bytes 0-25/25")).toBeUndefined();
  expect(partOf(null)).toBeUndefined();
});

it("a file has the name that the service gives it, if it is one", () => {
  expect(nameOf('attachment; filename="photos.zip"', "x")).toBe("photos.zip");
  expect(nameOf('attachment; filename="../photos"', "x.zip")).toBe("x.zip");
  expect(nameOf(null, "x.zip")).toBe("x.zip");
});

const FILE = "abcdefghijklmnopqrstuvwxy";

function servedInParts(size: number) {
  const asked: [number, string | null][] = [];
  const ask = (from: number, etag: string | null): Promise<Part> => {
    asked.push([from, etag]);
    const text = FILE.slice(from, from + size);
    return Promise.resolve({ blob: new Blob([text]), range: `bytes ${from}-${from + text.length - 1}/${FILE.length}`, etag: '"1"', whole: false });
  };
  return { ask, asked };
}

it("parts are joined in order, each of the same file", async () => {
  const { ask, asked } = servedInParts(10);
  const seen: number[] = [];
  expect(await (await joined(ask, (share) => seen.push(share))).text()).toBe(FILE);
  expect(asked).toEqual([[0, null], [10, '"1"'], [20, '"1"']]);
  expect(seen).toEqual([0.4, 0.8]);
});

it("one part may be all", async () => {
  const { ask, asked } = servedInParts(100);
  expect(await (await joined(ask, () => undefined)).text()).toBe(FILE);
  expect(asked.length).toBe(1);
});

it("a whole file is taken as it is, also where it changed on the way", async () => {
  const whole: Part = { blob: new Blob(["new"]), range: null, etag: null, whole: true };
  expect(await (await joined(() => Promise.resolve(whole), () => undefined)).text()).toBe("new");
  const { ask } = servedInParts(10);
  expect(await (await joined((from, etag) => (from === 10 ? Promise.resolve(whole) : ask(from, etag)), () => undefined)).text()).toBe("new");
});

it("parts that do not fit are no file", async () => {
  const { ask } = servedInParts(10);
  await expect(joined((from, etag) => ask(from === 10 ? 11 : from, etag), () => undefined)).rejects.toThrow(PartsDoNotFit);
});
