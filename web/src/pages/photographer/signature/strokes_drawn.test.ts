import { expect, test } from "vitest";

import type { Raster } from "./raster";
import { measureAsService } from "./service_measure";
import { boundsOf, extend, finish, frameAround, isSigned, PointerChoice, scaleFor, segments, type Sample, type Stroke } from "./strokes_drawn";

/** Draws a stroke through the positions, with one sample every 8 milliseconds. */
function draw(positions: readonly (readonly [number, number])[], pressure?: number): Stroke {
  const samples = positions.map(([x, y], index): Sample => ({ x, y, pressure, time: 8 * index }));
  const stroke = samples.reduce<Stroke>((longer, sample, index) => extend(longer, sample, samples[index - 1]), []);
  const last = samples.at(-1);
  return last === undefined ? stroke : finish(stroke, last);
}

const wave = (points: number, width: number, height: number): [number, number][] => Array.from({ length: points }, (_, index) => [(index / (points - 1) - 0.5) * width, (Math.sin(index / 9) * height) / 2]);
const mean = (stroke: Stroke) => stroke.reduce((sum, { width }) => sum + width, 0) / stroke.length;

/** Paints the strokes as the page's canvas does. */
function paint(strokes: readonly Stroke[], ink: readonly [number, number, number]): Raster {
  const frame = frameAround(strokes);
  const [width, height] = [1200, 400];
  const scale = width / frame.width;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (const { x0, y0, x1, y1, width: thick } of strokes.flatMap(segments)) {
    for (let step = 0; step <= 4; step += 1) {
      const [cx, cy, radius] = [(x0 + ((x1 - x0) * step) / 4 - frame.left) * scale, (y0 + ((y1 - y0) * step) / 4 - frame.top) * scale, (thick * scale) / 2];
      for (let y = Math.max(0, Math.floor(cy - radius)); y <= Math.min(height - 1, cy + radius); y += 1) for (let x = Math.max(0, Math.floor(cx - radius)); x <= Math.min(width - 1, cx + radius); x += 1) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2) data.set(ink, (y * width + x) * 4);
      }
    }
  }
  return { width, height, data };
}

test("a drawn signature meets the service's rules, whole and with a margin", { timeout: 120_000 }, () => {
  for (const strokes of [[draw(wave(80, 500, 90))], [draw(wave(60, 60, 200))], [draw(wave(60, 300, 5)), draw([[0, -20]])]]) {
    const frame = frameAround(strokes);
    expect(frame.width / frame.height).toBeCloseTo(3);
    const bounds = boundsOf(strokes);
    expect(bounds?.left).toBeGreaterThan(frame.left + 0.05 * frame.width);
    expect(bounds?.right).toBeLessThan(frame.left + 0.95 * frame.width);
    expect(bounds?.top).toBeGreaterThan(frame.top + 0.1 * frame.height);
    expect(bounds?.bottom).toBeLessThan(frame.top + 0.9 * frame.height);
    const measures = measureAsService(paint(strokes, [20, 35, 122]));
    expect(measures.paper).toBe(255);
    expect(measures.contrast).toBeGreaterThanOrEqual(90);
    expect(measures.ink).toBeGreaterThanOrEqual(0.002);
    expect(measures.ink).toBeLessThanOrEqual(0.35);
    expect(measures.onEdge).toBe(0);
    expect(measures.colour).toBeLessThanOrEqual(40);
  }
});

test("a stroke goes from the first to the last position of the pointer without gaps", () => {
  const stroke = draw(wave(40, 400, 80));
  const pieces = segments(stroke);
  expect(pieces[0]).toMatchObject({ x0: -200 });
  expect(pieces.at(-1)?.x1).toBeCloseTo(200);
  pieces.slice(1).forEach(({ x0, y0 }, index) => expect([x0, y0]).toEqual([pieces[index]?.x1, pieces[index]?.y1]));
});

test("pressure makes a line wider, and without pressure speed makes it thinner", () => {
  expect(mean(draw(wave(40, 200, 40), 0.9))).toBeGreaterThan(1.5 * mean(draw(wave(40, 200, 40), 0.2)));
  expect(mean(draw(wave(20, 600, 40)))).toBeLessThan(mean(draw(wave(200, 600, 40))));
});

test("a tap is a dot, and a dot alone is not a signature", () => {
  const dot = draw([[3, 4]]);
  expect(segments(dot)).toHaveLength(1);
  expect(isSigned([])).toBe(false);
  expect(isSigned([dot])).toBe(false);
  expect(isSigned([draw(wave(40, 200, 40))])).toBe(true);
});

test("a drawing that does not fit after turning the device is made smaller, and is enlarged again afterwards", () => {
  const strokes = [draw(wave(80, 700, 90))];
  expect(scaleFor(strokes, { width: 800, height: 300 })).toBe(1);
  const upright = scaleFor(strokes, { width: 360, height: 500 });
  expect(upright).toBeLessThan(0.5);
  expect(351 * upright).toBeLessThan(180);
  expect(scaleFor(strokes, { width: 800, height: 300 })).toBe(1);
});

test("a pen wins over the palm, before and after it", () => {
  const choice = new PointerChoice();
  expect(choice.down({ id: 1, type: "touch" })).toEqual({ starts: true, removesCurrent: false });
  expect(choice.down({ id: 2, type: "pen" })).toEqual({ starts: true, removesCurrent: true });
  expect([choice.draws(1), choice.draws(2)]).toEqual([false, true]);
  expect([choice.up(1), choice.up(2)]).toEqual([false, true]);
  expect(choice.down({ id: 3, type: "touch" }).starts).toBe(false);
});

test("without a pen one finger draws, and a second one does not disturb it", () => {
  const choice = new PointerChoice();
  expect(choice.down({ id: 1, type: "touch" }).starts).toBe(true);
  expect(choice.down({ id: 2, type: "touch" }).starts).toBe(false);
  expect(choice.up(2)).toBe(false);
  expect(choice.up(1)).toBe(true);
  expect(choice.down({ id: 2, type: "touch" }).starts).toBe(true);
});
