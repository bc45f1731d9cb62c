import { expect, test } from "vitest";

import { inspect } from "./inspect";

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
const four = (value: number) => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const littleFour = (value: number) => four(value).reverse();
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const box = (type: string, length: number) => [...four(8 + length), ...ascii(type), ...new Array<number>(length).fill(7)];
const chunk = (type: string, length: number) => [...ascii(type), ...littleFour(length), ...new Array<number>(length + (length % 2)).fill(7)];
const riff = (...chunks: readonly number[][]) => [...ascii("RIFF"), ...littleFour(4 + chunks.flat().length), ...ascii("WEBP"), ...chunks.flat()];

/** Small files of each format: pictures of one pixel, or headers with invalid image data. The tests do not decode the image data. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  png: fromBase64("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  gif: fromBase64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
  webp: Uint8Array.from(riff(chunk("VP8X", 10), chunk("VP8 ", 40))),
  bmp: Uint8Array.from([...ascii("BM"), ...littleFour(54 + 8), 0, 0, 0, 0, ...littleFour(54), ...littleFour(40), ...littleFour(1), ...littleFour(2), 1, 0, 24, 0, ...new Array<number>(24).fill(0), ...new Array<number>(8).fill(9)]),
  boxes: Uint8Array.from([...four(24), ...ascii("ftypheic"), ...four(0), ...ascii("mif1heic"), ...box("meta", 60), ...box("mdat", 200)]),
};

test.each(Object.entries(FILES))("a whole file is complete, and cut off at any byte it is incomplete (%s)", (format, file) => {
  expect(inspect(file)).toEqual({ format, completeness: "complete" });
  for (let length = 0; length < file.length; length += 1) expect(inspect(file.subarray(0, length)).completeness, `${length} bytes`).toBe("incomplete");
});

test("a PNG with a damaged chunk is incomplete", () => {
  const png = FILES.png?.slice() ?? new Uint8Array();
  png[45] = (png[45] ?? 0) ^ 1;
  expect(inspect(png).completeness).toBe("incomplete");
});

test("a file that begins with zeros is incomplete, and an unknown format is left to the browser", () => {
  expect(inspect(new Uint8Array(5000)).completeness).toBe("incomplete");
  expect(inspect(Uint8Array.from(ascii("<svg xmlns='http://www.w3.org/2000/svg'/>")))).toEqual({ format: "unknown", completeness: "unknown" });
});
