import { expect, test } from "vitest";

import { meetsFileRules, readHeader } from "./jpeg";
import { frameOf } from "./profiles";

const FACE = frameOf("standard", "face");

const segment = (marker: number, ...content: number[]) => [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content];
const frame = (width: number, height: number) => segment(0xc0, 8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0);
const exif = (orientation: number, littleEndian: boolean) => {
  const two = (value: number) => (littleEndian ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff]);
  const four = (value: number) => (littleEndian ? [...two(value), 0, 0] : [0, 0, ...two(value)]);
  const mark = littleEndian ? 0x49 : 0x4d;
  return segment(0xe1, ...Array.from("Exif\0\0", (letter) => letter.charCodeAt(0)), mark, mark, ...two(42), ...four(8), ...two(1), ...two(0x0112), ...two(3), ...four(1), ...two(orientation), 0, 0, ...four(0));
};
const jpeg = (...segments: number[][]) => Uint8Array.from([0xff, 0xd8, ...segments.flat(), 0xff, 0xda]);

test("size and orientation are read in both byte orders", () => {
  expect(readHeader(jpeg(frame(800, 1200)))).toEqual({ width: 800, height: 1200, orientation: 1 });
  for (const little of [true, false]) expect(readHeader(jpeg(exif(6, little), frame(800, 1200)))?.orientation).toBe(6);
});

test("other formats, truncated headers and unreadable orientations are detected", () => {
  expect(readHeader(Uint8Array.from([0x89, 0x50, 0x4e, 0x47]))).toBeUndefined();
  expect(readHeader(jpeg())).toBeUndefined();
  expect(readHeader(jpeg(frame(800, 1200)).subarray(0, 9))).toBeUndefined();
  const cut = segment(0xe1, ...Array.from("Exif\0\0", (letter) => letter.charCodeAt(0)), 0x49, 0x49, 42);
  expect(readHeader(jpeg(cut, frame(800, 1200)))?.orientation).toBe(0);
});

test("only a file that follows every rule may be uploaded unchanged", () => {
  const good = { width: 800, height: 1200, orientation: 1 };
  expect(meetsFileRules(FACE, 3_000_000, good)).toBe(true);
  expect(meetsFileRules(FACE, 3_000_001, good)).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, orientation: 6 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, width: 799 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, height: 1250 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, width: 808 })).toBe(true);
  expect(meetsFileRules(FACE, 1, undefined)).toBe(false);
});
