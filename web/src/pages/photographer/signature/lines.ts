/* Removes printed lines: the lines of a notebook, of squared paper, or of a form. */
import { type Plane } from "./raster";

/** A line that runs approximately along the rows. It has a centre for each column, because paper bends. */
type Line = { readonly centre: Float32Array; readonly thickness: number; readonly darkness: number; readonly coverage: number; readonly hue: number };

/** Short vertical runs of dark pixels, sorted by column. */
type Runs = { readonly start: Int32Array; readonly centre: Float32Array; readonly length: Uint8Array };

export type Ink = {
  /** Darkness of the ink, level of the noise, and a function for the hue of a pixel: 0 for black, positive for blue. */
  readonly darkness: number;
  readonly noise: number;
  readonly hue: (x: number, y: number) => number;
};

/**
 * Returns the maximum thickness of the printed lines to search for, in pixels. `longest` is the longer side of the whole area, in pixels.
 */
export const thickestLine = (longest: number): number => Math.max(THICKNESS.min, Math.min(THICKNESS.max, Math.round(THICKNESS.share * longest)));

/** Maximum slope of the printed lines to search for, in pixels down per pixel across. */
const SLOPE_MAX = 0.2;
/**
 * Maximum thickness of a printed line, as a fraction of the area's longer side, and limits for this thickness in pixels. A camera blurs a
 * thin line to several pixels.
 */
const THICKNESS = { share: 0.009, min: 8, max: 40 };

/** Maximum number of passes. Each pass removes lines of one slope, and printed lines are often not quite parallel. */
const PASSES_MAX = 3;

/**
 * Returns the darkness without printed lines that run approximately along the rows. `known` contains the rows where a line is expected,
 * such as the sides of a box. `thickest` is in pixels.
 */
export function removeRows(plane: Plane, ink: Ink, thickest: number, known: readonly number[] = []): Plane {
  let [remaining, expected] = [plane, known];
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const next = removeParallel(remaining, ink, thickest, expected);
    if (next === undefined) break;
    [remaining, expected] = [next, []];
  }
  return remaining;
}

/** Removes the lines of the most common slope. Returns undefined if there are none. */
function removeParallel(plane: Plane, ink: Ink, thickest: number, known: readonly number[]): Plane | undefined {
  const { width, height } = plane;
  const floor = Math.max(10, 3 * ink.noise);
  const runs = thinRuns(plane, floor, thickest);
  const slope = commonSlope(runs, width, height);
  const found = peaks(runs, slope, width, height, thickest).map((row) => follow(plane, runs, ink, row, slope, thickest));
  const expected = known.map((row) => follow(plane, runs, ink, nearestRow(runs, slope, row, width, height, thickest), slope, thickest));
  const usualHue = inkHue(plane, ink, found);
  const lines = [...found.filter((line) => isPrinted(line, found, ink, usualHue, narrowness(plane))), ...expected.filter(({ coverage }) => coverage > 0.25)];
  if (lines.length === 0) return undefined;
  const result = { width, height, data: plane.data.slice() };
  for (const line of lines) erase(plane, result, line, ink, floor);
  return result;
}

function thinRuns({ width, height, data }: Plane, floor: number, longest: number): Runs {
  const start = new Int32Array(width + 1);
  const centres: number[] = [];
  const lengths: number[] = [];
  for (let x = 0; x < width; x += 1) {
    start[x] = centres.length;
    let length = 0;
    for (let y = 0; y <= height; y += 1) {
      if (y < height && (data[y * width + x] ?? 0) > floor) {
        length += 1;
      } else {
        if (length > 0 && length <= longest) {
          centres.push(y - (length + 1) / 2);
          lengths.push(length);
        }
        length = 0;
      }
    }
  }
  start[width] = centres.length;
  return { start, centre: Float32Array.from(centres), length: Uint8Array.from(lengths) };
}

const BIN = 2;

/**
 * Moves each run along a line of this slope to the middle column, and counts the runs in each bin of `BIN` rows there. Uses only every
 * `step`-th column.
 */
function project(runs: Runs, slope: number, width: number, height: number, step: number): Uint32Array {
  const counts = new Uint32Array(Math.ceil((height + SLOPE_MAX * width) / BIN) + 2);
  const shift = (SLOPE_MAX * width) / 2;
  for (let x = 0; x < width; x += step) {
    const offset = shift - slope * (x - width / 2);
    for (let run = (runs.start[x] ?? 0); run < (runs.start[x + 1] ?? 0); run += 1) {
      const bin = Math.floor(((runs.centre[run] ?? 0) + offset) / BIN);
      if (bin >= 0 && bin < counts.length) counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return counts;
}

/** Returns the slope at which the runs are most concentrated in few lines. */
function commonSlope(runs: Runs, width: number, height: number): number {
  const step = Math.max(1, Math.floor(runs.centre.length / 60_000));
  const score = (slope: number) => project(runs, slope, width, height, step).reduce((sum, count) => sum + count * count, 0);
  const best = (slopes: number[]) => slopes.map((slope) => ({ slope, score: score(slope) })).reduce((a, b) => (b.score > a.score ? b : a)).slope;
  const range = (middle: number, half: number, step: number) => Array.from({ length: 2 * Math.round(half / step) + 1 }, (_, index) => middle - half + index * step);
  return best(range(best(range(0, SLOPE_MAX, 0.008)), 0.008, 0.001));
}

/** Returns the rows at which possible printed lines cross the middle column. */
function peaks(runs: Runs, slope: number, width: number, height: number, apart: number): number[] {
  const counts = project(runs, slope, width, height, 1);
  const sum = (bin: number) => (counts[bin - 1] ?? 0) + (counts[bin] ?? 0) + (counts[bin + 1] ?? 0);
  const rows: number[] = [];
  const near = Math.ceil(apart / BIN / 2) + 1;
  for (let bin = 1; bin < counts.length - 1; bin += 1) {
    const here = sum(bin);
    if (here < 0.2 * width) continue;
    let isPeak = true;
    for (let other = bin - near; other <= bin + near && isPeak; other += 1) if (other >= 1 && other < counts.length - 1 && (sum(other) > here || (sum(other) === here && other < bin))) isPeak = false;
    if (isPeak) rows.push((bin + 0.5) * BIN - (SLOPE_MAX * width) / 2);
  }
  return rows;
}

/** Returns the row with the most runs among the rows near `row`. */
function nearestRow(runs: Runs, slope: number, row: number, width: number, height: number, apart: number): number {
  const counts = project(runs, slope, width, height, 1);
  const shift = (SLOPE_MAX * width) / 2;
  let best = { row, count: 0 };
  for (let near = row - 1.5 * apart; near <= row + 1.5 * apart; near += BIN) {
    const bin = Math.floor((near + shift) / BIN);
    const count = (counts[bin - 1] ?? 0) + (counts[bin] ?? 0) + (counts[bin + 1] ?? 0);
    if (count > best.count) best = { row: near, count };
  }
  return best.row;
}

/** Follows a line from the middle column to both sides. */
function follow(plane: Plane, runs: Runs, ink: Ink, row: number, slope: number, thickest: number): Line {
  const { width, data } = plane;
  const strip = Math.max(16, Math.round(width / 60));
  const reach = 2 + thickest / 4;
  const centre = new Float32Array(width);
  const [lengths, darks, hues]: [number[], number[], number[]] = [[], [], []];
  let covered = 0;
  const walk = (from: number, direction: 1 | -1) => {
    let [offset, drift] = [0, 0];
    for (let x = from; x >= 0 && x < width; ) {
      const end = direction === 1 ? Math.min(width, x + strip) : Math.max(-1, x - strip);
      const predicted = offset + drift;
      const deviations: number[] = [];
      let columns = 0;
      for (let column = x; column !== end; column += direction) {
        const expected = row + slope * (column - width / 2) + predicted;
        let nearest = -1;
        for (let run = (runs.start[column] ?? 0); run < (runs.start[column + 1] ?? 0); run += 1) {
          const away = Math.abs((runs.centre[run] ?? 0) - expected);
          if (away <= reach && (nearest < 0 || away < Math.abs((runs.centre[nearest] ?? 0) - expected))) nearest = run;
        }
        if (nearest < 0) continue;
        columns += 1;
        deviations.push((runs.centre[nearest] ?? 0) - expected);
        const y = Math.round((runs.centre[nearest] ?? 0));
        lengths.push((runs.length[nearest] ?? 0));
        darks.push((data[y * width + column] ?? 0));
        if (column % 4 === 0) hues.push(ink.hue(column, y));
      }
      const supported = columns >= 0.35 * Math.abs(end - x);
      const now = supported ? predicted + Math.max(-2, Math.min(2, median(deviations))) : predicted;
      for (let column = x; column !== end; column += direction) centre[column] = row + slope * (column - width / 2) + offset + ((now - offset) * Math.abs(column - x)) / Math.max(1, Math.abs(end - x));
      if (supported) drift = 0.5 * drift + 0.5 * Math.max(-1, Math.min(1, now - offset));
      else drift = 0;
      offset = now;
      if (supported) covered += columns;
      x = end;
    }
  };
  walk(Math.floor(width / 2), 1);
  walk(Math.floor(width / 2) - 1, -1);
  return { centre, thickness: median(lengths), darkness: median(darks), coverage: covered / width, hue: median(hues) };
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}

/**
 * If a line is lighter than this fraction of the ink's darkness, the darkness of each pixel decides whether the pixel belongs to the line
 * or to the ink.
 */
const LIGHT = 0.62;
const HUE_DIFFERENCE = 0.22;

/** Fraction of the area's width. A line that covers more of the width counts as printed, whatever it looks like. */
const COVERAGE_SURE = 0.85;

/**
 * Returns the factor by which the required coverage of a printed line is multiplied. In a narrow area, the factor is larger than 1, because
 * there a stroke can also cover much of the width.
 */
const narrowness = ({ width, height }: Plane): number => Math.max(1, (0.6 * height) / width);

/**
 * Returns whether a line is printed, and not a long straight stroke. A line that covers almost the whole width is printed. A shorter line
 * is printed if it covers enough of the width, and is lighter than the ink, has another colour, or is one of several parallel lines.
 */
function isPrinted({ coverage, darkness, hue }: Line, all: readonly Line[], ink: Ink, usualHue: number, narrow: number): boolean {
  const covers = (share: number) => coverage > Math.min(COVERAGE_SURE, share * narrow);
  const parallel = all.filter((line) => line.coverage > 0.4).length;
  if (coverage > COVERAGE_SURE || (parallel >= 4 && covers(0.3))) return true;
  if (darkness < LIGHT * ink.darkness && covers(0.4)) return true;
  return Math.abs(hue - usualHue) > HUE_DIFFERENCE && covers(0.25);
}

/** Returns the median hue of the ink, without pixels near lines. */
function inkHue({ width, height, data }: Plane, ink: Ink, lines: readonly Line[]): number {
  const hues: number[] = [];
  const likely = lines.filter(({ coverage }) => coverage > 0.25);
  for (let y = 0; y < height; y += 2) for (let x = y % 4; x < width; x += 4) {
    if ((data[y * width + x] ?? 0) < 0.7 * ink.darkness) continue;
    if (likely.some((line) => Math.abs((line.centre[x] ?? 0) - y) < line.thickness + 2)) continue;
    hues.push(ink.hue(x, y));
  }
  return median(hues);
}

function erase(source: Plane, result: Plane, line: Line, ink: Ink, floor: number): void {
  const { width, height } = source;
  const half = line.thickness / 2 + 1.5;
  const isLight = line.darkness < LIGHT * ink.darkness;
  const kept = line.darkness + Math.max(0.4 * (ink.darkness - line.darkness), 2.5 * ink.noise);
  const crossings = isLight ? undefined : crossingStrokes(source, line, half, Math.max(floor, 0.35 * ink.darkness));
  for (let x = 0; x < width; x += 1) {
    const middle = (line.centre[x] ?? 0);
    const first = Math.max(0, Math.round(middle - half));
    for (let y = first; y <= Math.min(height - 1, Math.round(middle + half)); y += 1) {
      const index = y * width + x;
      if (crossings === undefined ? (source.data[index] ?? 0) <= kept : !crossings.has(index)) result.data[index] = 0;
    }
  }
}

/** Returns those pixels of a dark line that belong to strokes. Where there is ink on both sides of the line, a stroke crosses it. */
function crossingStrokes({ width, height, data }: Plane, { centre }: Line, half: number, floor: number): Set<number> {
  const kept = new Set<number>();
  const reach = Math.ceil(2 * half) + 4;
  const isInk = (x: number, offset: number) => {
    const y = Math.round((centre[x] ?? 0) + offset);
    return x >= 0 && x < width && y >= 0 && y < height && (data[y * width + x] ?? 0) > floor;
  };
  for (let x = 0; x < width; x += 1) {
    if (!isInk(x, -half - 1)) continue;
    // The stroke continues at the pixels below the line that are nearest to this pixel above the line.
    let nearest = -1;
    for (let away = 0; away <= reach && nearest < 0; away += 1) if (isInk(x + away, half + 1) || isInk(x - away, half + 1)) nearest = away;
    if (nearest < 0) continue;
    for (const away of nearest === 0 ? [0] : [-nearest, nearest]) {
      if (!isInk(x + away, half + 1)) continue;
      const [top, bottom] = [(centre[x] ?? 0) - half - 1, (centre[x + away] ?? 0) + half + 1];
      for (let y = Math.round(top); y <= Math.round(bottom); y += 1) {
        const column = Math.round(x + (away * (y - top)) / (bottom - top));
        for (const near of [column - 1, column, column + 1]) if (near >= 0 && near < width && y >= 0 && y < height) kept.add(y * width + near);
      }
    }
  }
  return kept;
}
