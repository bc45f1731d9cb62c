import { describe, expect, test } from "vitest";

import { newPlane, type Plane } from "./raster";
import { keepStrokes } from "./strokes";

const [WIDTH, HEIGHT] = [600, 200];
const EVERYWHERE = { left: 0, top: 0, right: WIDTH, bottom: HEIGHT };

/** Returns a mask with a wave from x = 60 to 540, drawn with a pen of six pixels, and with the rectangles `dots`. */
function wave(dots: readonly (readonly [number, number, number, number])[] = []): Plane {
  const mask = newPlane(WIDTH, HEIGHT);
  const fill = (left: number, top: number, across: number, down: number) => {
    for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + down); y += 1) for (let x = Math.max(0, left); x < Math.min(WIDTH, left + across); x += 1) mask.data[y * WIDTH + x] = 1;
  };
  for (let step = 0; step <= 4800; step += 1) fill(Math.round(60 + step / 10), Math.round(100 + 40 * Math.sin(step / 200)), 6, 6);
  for (const dot of dots) fill(...dot);
  return mask;
}

const keeps = ({ mask }: { mask: Plane }, x: number, y: number) => mask.data[y * WIDTH + x] === 1;

describe("strokes of a signature", () => {
  test("a dot as wide as the pen stays, and the thin rest of a printed line does not", () => {
    const strokes = keepStrokes(wave([[300, 44, 7, 7], [330, 44, 12, 2]]), EVERYWHERE, 1);
    expect(keeps(strokes, 302, 46)).toBe(true);
    expect(keeps(strokes, 334, 44)).toBe(false);
  });

  /** Rectangles that form the right part of a letter. The left border cuts off the rest. */
  const LETTER = [[0, 80, 11, 6], [6, 80, 6, 40], [0, 116, 11, 6], [0, 98, 11, 6]] as const;
  /** Returns a rectangle that lengthens the wave to the left. */
  const tail = (pixels: number) => [60 - pixels, 97, pixels, 6] as const;

  test("a letter that the border cuts off is reported if it is near the signature", () => {
    expect(keepStrokes(wave([...LETTER, tail(36)]), EVERYWHERE, 1).isCut).toBe(true);
    expect(keepStrokes(wave(LETTER), EVERYWHERE, 1).isCut).toBe(false);
  });

  test("a straight edge along the border is not taken for a letter", () => {
    expect(keepStrokes(wave([[0, 40, 6, 120], tail(36)]), EVERYWHERE, 1).isCut).toBe(false);
  });

  test("strokes near the lower border of a low and wide area stay", () => {
    const strokes = keepStrokes(wave([[200, 185, 60, 6]]), EVERYWHERE, 1);
    expect(keeps(strokes, 230, 188)).toBe(true);
  });
});
