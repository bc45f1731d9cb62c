import { expect, test } from "vitest";

import optimised from "../../../../../shared/pictures/tests/data/baseline_444_optimized.jpg?inline";
import baseline from "../../../../../shared/pictures/tests/data/baseline_420.jpg?inline";
import cmyk from "../../../../../shared/pictures/tests/data/cmyk.jpg?inline";
import gray from "../../../../../shared/pictures/tests/data/gray_progressive.jpg?inline";
import progressive from "../../../../../shared/pictures/tests/data/progressive.jpg?inline";
import restartedProgressive from "../../../../../shared/pictures/tests/data/progressive_restarts.jpg?inline";
import restarts from "../../../../../shared/pictures/tests/data/restarts_every_7.jpg?inline";
import rgb from "../../../../../shared/pictures/tests/data/rgb_without_conversion.jpg?inline";
import { meetsFileRules } from "./file_rules";
import { readJpeg, type JpegInfo } from "./jpeg";
import { frameOf } from "./profiles";

const FACE = frameOf("standard", "face");
const bytesOf = (dataUrl: string) => Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
const FILES: Readonly<Record<string, Uint8Array>> = Object.fromEntries(Object.entries({ optimised, baseline, gray, progressive, restartedProgressive, restarts, rgb }).map(([name, url]) => [name, bytesOf(url)]));
const BASELINE = bytesOf(baseline);
const letters = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
const segment = (marker: number, ...content: number[]) => [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content];

type Sampling = readonly [across: number, down: number];
/** Describes a JPEG for a test. All blocks have the same gray, and each takes six bits with the typical Huffman tables. */
type Plan = {
  width?: number;
  height?: number;
  sampling?: readonly Sampling[];
  ids?: readonly number[];
  frameMarker?: number;
  precision?: number;
  /** The components of each scan. */
  scans?: readonly (readonly number[])[];
  before?: readonly number[];
  beforeScan?: readonly number[];
  blocksMissing?: number;
  after?: readonly number[];
  end?: readonly number[];
};

const YCC: readonly Sampling[] = [[2, 2], [1, 1], [1, 1]];
const JFIF = segment(0xe0, ...letters("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0);
const adobe = (transform: number) => segment(0xee, ...letters("Adobe"), 0, 100, 0, 0, 0, 0, transform);
const profile = (number: number, of: number, space = "RGB ") => segment(0xe2, ...letters("ICC_PROFILE\0"), number, of, ...new Array<number>(16).fill(0), ...letters(space));
/** The typical Huffman tables and the quantisation tables, copied from the fixture file. */
const TABLES = (() => {
  const found: number[] = [];
  for (let at = 2; BASELINE[at + 1] !== 0xda; ) {
    const length = ((BASELINE[at + 2] ?? 0) << 8) | (BASELINE[at + 3] ?? 0);
    if (BASELINE[at + 1] === 0xc4 || BASELINE[at + 1] === 0xdb) found.push(...BASELINE.subarray(at, at + 2 + length));
    at += 2 + length;
  }
  return found;
})();

function build({ width = 40, height = 24, sampling = YCC, ids = sampling.map((_, index) => index + 1), frameMarker = 0xc0, precision = 8, scans = [sampling.map((_, index) => index)], before = [...JFIF, ...TABLES], beforeScan = [], blocksMissing = 0, after = [], end = [0xff, 0xd9] }: Plan): Uint8Array {
  const [maxAcross, maxDown] = [Math.max(...sampling.map(([across]) => across)), Math.max(...sampling.map(([, down]) => down))];
  const units = Math.ceil(width / (8 * maxAcross)) * Math.ceil(height / (8 * maxDown));
  const frame = segment(frameMarker, precision, height >> 8, height & 0xff, width >> 8, width & 0xff, sampling.length, ...sampling.flatMap(([across, down], index) => [ids[index] ?? 0, (across << 4) | down, 0]));
  const data = scans.flatMap((parts) => {
    const alone = parts.length === 1 ? sampling[parts[0] ?? 0] : undefined;
    const blocks = alone === undefined ? units * parts.reduce((sum, part) => sum + (sampling[part]?.[0] ?? 0) * (sampling[part]?.[1] ?? 0), 0) : Math.ceil((width * alone[0]) / (8 * maxAcross)) * Math.ceil((height * alone[1]) / (8 * maxDown));
    // Each block has two codes: 00, which says that the gray is the same as in the block before, and 1010, which ends the block.
    const bits = "001010".repeat(blocks - blocksMissing).replace(/.{1,8}/g, (byte) => String.fromCharCode(Number.parseInt(byte.padEnd(8, "1"), 2)));
    return [...segment(0xda, parts.length, ...parts.flatMap((part) => [ids[part] ?? 0, 0]), 0, 63, 0), ...letters(bits)];
  });
  return Uint8Array.from([0xff, 0xd8, ...before, ...frame, ...beforeScan, ...data, ...after, ...end]);
}

/** Number of positions at which each file is cut off. */
const STEPS = 20;
/** Timeout in milliseconds for tests that read many files, long enough for a busy machine. */
const TIMEOUT = 120_000;

test("a complete file of a common kind is complete and plain, whatever its sampling, scans and restarts", { timeout: TIMEOUT }, () => {
  for (const [name, file] of Object.entries(FILES)) expect(readJpeg(file), name).toMatchObject({ completeness: "complete", isPlain: true, orientation: 1 });
});

test("a file cut off at any place is incomplete", { timeout: TIMEOUT }, () => {
  for (const [name, file] of Object.entries(FILES)) {
    for (let step = 0; step < STEPS; step += 1) {
      const length = 2 + Math.floor(((file.length - 5) * step) / STEPS);
      expect(readJpeg(file.subarray(0, length)).completeness, `${name} ${length}`).toBe("incomplete");
    }
    // Cuts off the end marker and the last byte of the image data.
    expect(readJpeg(file.subarray(0, file.length - 3)).completeness, name).toBe("incomplete");
  }
});

test("a file whose end is filled with zeros is incomplete", { timeout: TIMEOUT }, () => {
  for (const [name, file] of Object.entries(FILES)) {
    for (const share of [0.2, 0.5, 0.8, 0.99]) expect(readJpeg(file.slice().fill(0, Math.floor(file.length * share))).completeness, `${name} ${share}`).toBe("incomplete");
  }
});

test("a file that lacks nothing but its end marker is complete, and is drawn anew", { timeout: TIMEOUT }, () => {
  for (const [name, file] of Object.entries(FILES)) {
    for (const missing of [1, 2]) expect(readJpeg(file.subarray(0, file.length - missing)), name).toMatchObject({ completeness: "complete", isPlain: false });
  }
});

test("a progressive file cut off between two scans is incomplete, although every scan in it is whole", () => {
  const file = bytesOf(progressive);
  const starts = Array.from(file.keys()).filter((at) => file[at] === 0xff && file[at + 1] === 0xc4);
  expect(starts.length).toBeGreaterThan(4);
  for (const start of starts) expect(readJpeg(file.subarray(0, start)).completeness).toBe("incomplete");
});

test("image data that is missing before the end marker is noticed", () => {
  expect(readJpeg(build({ blocksMissing: 2 })).completeness).toBe("incomplete");
  const damaged = BASELINE.slice();
  damaged.copyWithin(15_000, 16_000);
  damaged.set([0xff, 0xd9], BASELINE.length - 1002);
  expect(readJpeg(damaged.subarray(0, BASELINE.length - 1000)).completeness).toBe("incomplete");
});

const KINDS: readonly (readonly [name: string, plan: Plan, completeness: JpegInfo["completeness"], isPlain: boolean])[] = [
  ["sampling 4:2:0", {}, "complete", true],
  ["sampling 4:2:2", { sampling: [[2, 1], [1, 1], [1, 1]] }, "complete", true],
  ["sampling 4:4:0", { sampling: [[1, 2], [1, 1], [1, 1]] }, "complete", true],
  ["sampling 4:1:1", { sampling: [[4, 1], [1, 1], [1, 1]] }, "complete", true],
  ["gray", { sampling: [[1, 1]] }, "complete", true],
  ["no marker for the colours", { before: TABLES }, "complete", true],
  ["padding after the image data", { after: [0, 0] }, "complete", true],
  ["sampling h3", { sampling: [[3, 1], [1, 1], [1, 1]] }, "complete", false],
  ["fractional sampling", { sampling: [[3, 2], [2, 1], [1, 1]] }, "complete", false],
  ["gray with sampling 2x2", { sampling: [[2, 2]] }, "complete", false],
  ["one scan for each component", { scans: [[0], [1], [2]] }, "complete", false],
  ["a component without a scan", { scans: [[0], [1]] }, "incomplete", false],
  ["no Huffman tables", { before: JFIF }, "complete", false],
  ["JFIF and Adobe transform 0", { before: [...JFIF, ...TABLES, ...adobe(0)] }, "complete", false],
  ["Adobe transform 0 alone", { before: [...TABLES, ...adobe(0)] }, "complete", true],
  ["Adobe transform 2", { before: [...JFIF, ...TABLES, ...adobe(2)] }, "complete", false],
  ["Adobe after the frame", { beforeScan: adobe(1) }, "complete", false],
  ["two Adobe segments", { before: [...JFIF, ...TABLES, ...adobe(1), ...adobe(1)] }, "complete", false],
  ["unusual names of the components without a marker", { before: TABLES, ids: [82, 71, 66] }, "complete", false],
  ["equal names of two components", { ids: [1, 2, 2] }, "unknown", false],
  ["four inks", { sampling: [[1, 1], [1, 1], [1, 1], [1, 1]] }, "complete", false],
  ["two components", { sampling: [[1, 1], [1, 1]] }, "complete", false],
  ["a profile in order", { before: [...JFIF, ...TABLES, ...profile(1, 2), ...profile(2, 2)] }, "complete", true],
  ["a profile out of order", { before: [...JFIF, ...TABLES, ...profile(2, 2), ...profile(1, 2)] }, "complete", false],
  ["a profile with a missing part", { before: [...JFIF, ...TABLES, ...profile(1, 2)] }, "complete", false],
  ["a gray profile for three components", { before: [...JFIF, ...TABLES, ...profile(1, 1, "GRAY")] }, "complete", false],
  ["arithmetic coding", { frameMarker: 0xc9 }, "unknown", false],
  ["arithmetic coding without an end", { frameMarker: 0xc9, end: [] }, "incomplete", false],
  ["12 bits", { frameMarker: 0xc1, precision: 12 }, "unknown", false],
  ["a height that follows later", { height: 0 }, "unknown", false],
  ["other data after the image data", { after: [0x12, 0x34, 0x56] }, "complete", false],
  ["bytes between segments", { before: [...JFIF, 0x41, 0x42, ...TABLES] }, "complete", false],
  ["a second picture after the end", { end: [0xff, 0xd9, 0xff, 0xd8, 0xff, 0xe0, 0, 4] }, "complete", true],
  ["no end", { end: [] }, "complete", false],
];

test.each(KINDS)("%s", (_, plan, completeness, isPlain) => {
  expect(readJpeg(build(plan))).toMatchObject({ completeness, isPlain });
});

test("CMYK is complete and drawn anew", () => {
  expect(readJpeg(bytesOf(cmyk))).toMatchObject({ completeness: "complete", isPlain: false });
});

const exif = (orientation: number, littleEndian: boolean) => {
  const two = (value: number) => (littleEndian ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff]);
  const four = (value: number) => (littleEndian ? [...two(value), 0, 0] : [0, 0, ...two(value)]);
  const mark = littleEndian ? 0x49 : 0x4d;
  return segment(0xe1, ...letters("Exif\0\0"), mark, mark, ...two(42), ...four(8), ...two(1), ...two(0x0112), ...two(3), ...four(1), ...two(orientation), 0, 0, ...four(0));
};

test("size and orientation are read in both byte orders, and an orientation that is cut off is 0", () => {
  expect(readJpeg(build({ width: 800, height: 1200 }))).toMatchObject({ width: 800, height: 1200, orientation: 1 });
  for (const little of [true, false]) expect(readJpeg(build({ before: [...exif(6, little), ...TABLES] })).orientation).toBe(6);
  // Some programs use the first of two EXIF segments, and others the last. In both orders the orientation that is not upright is returned,
  // so that the picture is encoded again.
  expect(readJpeg(build({ before: [...exif(1, true), ...exif(6, true), ...TABLES] })).orientation).toBe(6);
  expect(readJpeg(build({ before: [...exif(6, true), ...exif(1, true), ...TABLES] })).orientation).toBe(6);
  const cut = segment(0xe1, ...letters("Exif\0\0"), 0x49, 0x49, 42);
  expect(readJpeg(build({ before: [...cut, ...TABLES] })).orientation).toBe(0);
});

test("only a file that follows every rule may be uploaded unchanged", () => {
  const good: JpegInfo = { width: 800, height: 1200, orientation: 1, completeness: "complete", isPlain: true };
  expect(meetsFileRules(FACE, 3_000_000, good)).toBe(true);
  expect(meetsFileRules(FACE, 3_000_001, good)).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, isPlain: false })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, orientation: 6 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, width: 799 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, height: 1213 })).toBe(false);
  expect(meetsFileRules(FACE, 1, { ...good, height: 1212 })).toBe(true);
  expect(meetsFileRules(FACE, 1, undefined)).toBe(false);
});
