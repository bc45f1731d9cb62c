import { describe, expect, test } from "vitest";

import { removeRows, thickestLine, type Ink } from "./lines";
import { newPlane, type Plane } from "./raster";

const ink: Ink = { darkness: 120, noise: 1, hue: () => 0 };

/** Returns a plane with bars. The numbers of a bar are its first column and row, its width, its height and its darkness. */
function bars(width: number, height: number, all: readonly (readonly [number, number, number, number, number])[]): Plane {
  const plane = newPlane(width, height);
  for (const [left, top, across, down, dark] of all) for (let y = top; y < top + down; y += 1) plane.data.fill(dark, y * width + left, y * width + left + across);
  return plane;
}

const darkPixels = ({ data }: Plane) => data.reduce((count, value) => count + (value > 10 ? 1 : 0), 0);

describe("printed lines", () => {
  test("a line that a camera blurs to seven pixels is removed from a small part of the photo", () => {
    const part = bars(380, 158, [[0, 27, 380, 7, 82], [0, 109, 380, 7, 86]]);
    expect(darkPixels(removeRows(part, ink, thickestLine(1100)))).toBe(0);
    expect(darkPixels(removeRows(part, ink, thickestLine(380)))).toBe(0);
  });

  test("pale strokes that reach across half of a narrow area stay", () => {
    // The plane is transposed: its rows are the columns of a photo. In the photo, these bars are vertical strokes in a low and wide area.
    const strokes = bars(40, 300, [20, 70, 120, 170, 220].map((top) => [10, top, 20, 4, 60]));
    expect(darkPixels(removeRows(strokes, ink, thickestLine(300)))).toBe(darkPixels(strokes));
  });

  test("lines that reach across all of a narrow area are removed", () => {
    const lines = bars(40, 300, [20, 70, 120, 170, 220].map((top) => [0, top, 40, 4, 60]));
    expect(darkPixels(removeRows(lines, ink, thickestLine(300)))).toBe(0);
  });

  test("lines that are partly hidden are removed from a square area", () => {
    const lines = bars(300, 300, [20, 70, 120, 170, 220].map((top) => [0, top, 150, 4, 60]));
    expect(darkPixels(removeRows(lines, ink, thickestLine(300)))).toBe(0);
  });
});
