/* Turns the photo of a signature on paper into dark strokes on white. */
import { flatten, rectify, type FlatPicture, type Window } from "./flatten";
import { removeRows, thickestLine, type Ink } from "./lines";
import { sizeOfQuad, type Quad } from "./quad";
import { dilate, histogram, newPlane, quantile, smooth, transpose, type Plane, type Raster } from "./raster";
import { hysteresis, keepStrokes, type Strokes } from "./strokes";

/** The settings that the photographer can change. `strength` goes from 0 (faint strokes stay) to 1 (faint marks are removed). */
export type Settings = { readonly quad: Quad; readonly isBox: boolean; readonly strength: number };
export const STRENGTH_DEFAULT = 0.5;

/** `empty`: no signature was found, so there is no picture. All other problems are warnings. */
export type Problem = "empty" | "dark" | "blurred" | "cut" | "small" | "faint" | "colour";

export type Cleaned = {
  /** The signature on white. The proportion is 3:1. */
  readonly picture: Raster | undefined;
  readonly problems: readonly Problem[];
  /** The part of the area `Settings.quad` that the picture shows. */
  readonly window: Window;
  /** Number of the picture's pixels per pixel of the photo, along one side. */
  readonly enlarged: number;
  /** Number of processed pixels per pixel of the photo, along one side. At most 1. */
  readonly resolution: number;
};

/** Smallest and largest width of the result, in pixels. The height is a third of the width. */
export const WIDTH_MIN = 1200;
export const WIDTH_MAX = 2400;
/** Largest fractions of the result's width and height that the signature may fill. */
const FILL = { width: 0.86, height: 0.76 };
/** Maximum number of pixels to process, so that a phone needs about a second. */
const AREA_PIXELS_MAX = 1_500_000;
/**
 * Width of the space around a printed box, as a fraction of the box's width or height. The space is processed together with the box,
 * because strokes may cross the box's lines.
 */
const BOX_SPACE = 0.12;
const WHOLE: Window = { left: 0, top: 0, right: 1, bottom: 1 };

/** If the median brightness of the paper is below this, the photo is too dark. */
const PAPER_DARK = 60;
/** If the ink's darkness is below INK_MIN, the paper has no signature. Below INK_FAINT, the signature is faint. */
const INK_MIN = 26;
const INK_FAINT = 55;
/** Maximum luma of the result's ink. Lighter ink is darkened, so that the contrast is well above the 90 that the picture check requires. */
const INK_LUMA_MAX = 105;
/** Minimum share of the strokes' length that must be curved. The rest may be straight, because a signature may be underlined. */
const CURVED_MIN = 0.15;
/** Enlargement above which strokes look soft. */
const ENLARGED_MAX = 3;
/**
 * A photo is blurred if the edges of the strokes are too wide. An edge of at most `EDGE_SHARP` pixels is never too wide. A wider edge is
 * too wide if it exceeds `EDGE_PER_WIDTH` times the signature's longer side, or 1.6 times the stroke's width.
 */
const EDGE_SHARP = 7;
const EDGE_PER_WIDTH = 0.011;

/** Cleans a signature. `part` limits the work to a part of the area, for a second pass at a higher resolution. */
export function cleanSignature(photo: Raster, { quad, isBox, strength }: Settings, part?: Window): Cleaned {
  const window = part ?? (isBox ? { left: -BOX_SPACE, top: -BOX_SPACE, right: 1 + BOX_SPACE, bottom: 1 + BOX_SPACE } : WHOLE);
  const whole = sizeOfQuad(quad);
  const natural = { width: whole.width * (window.right - window.left), height: whole.height * (window.bottom - window.top) };
  const scale = Math.min(1, Math.sqrt(AREA_PIXELS_MAX / (natural.width * natural.height)));
  const size = { width: Math.max(16, Math.round(natural.width * scale)), height: Math.max(16, Math.round(natural.height * scale)) };
  const flat = flatten(rectify(photo, quad, window, size));
  const problems: Problem[] = flat.paper < PAPER_DARK ? ["dark"] : [];
  const nothing: Cleaned = { picture: undefined, problems: [...problems, "empty"], window, enlarged: 1, resolution: scale };

  const sides = boxSides(isBox, window, size);
  // A part of the area shows the same printed lines as the whole area, so their maximum thickness must not depend on the size of the part.
  const thickest = thickestLine(Math.max(whole.width * scale, whole.height * scale, size.width, size.height));
  const darkness = withoutLines(withoutThings(flat), flat, sides, thickest);
  const ink = inkDarkness(darkness, flat.noise);
  if (ink < INK_MIN) return nothing;
  const factor = 2 ** ((strength - STRENGTH_DEFAULT) * 2);
  const high = Math.max(0.32 * ink * factor, 6 * flat.noise, 16);
  const low = Math.min(high, Math.max(0.16 * ink * factor, 4 * flat.noise, 9));
  const strokes = keepStrokes(hysteresis(darkness, low, high), sides, factor);
  const { box } = strokes;
  // If the strokes are too short, too straight or too small, they are pieces of printed lines, and the sheet is empty.
  if (box === undefined || strokes.curvedLength < CURVED_MIN * strokes.length || strokes.length < 0.02 * Math.max(size.width, size.height) || Math.max(box.right - box.left, box.bottom - box.top) < 8 * strokes.width) return nothing;

  const [width, height] = [box.right - box.left + 1, box.bottom - box.top + 1];
  const frameWidth = Math.max(width / FILL.width, (3 * height) / FILL.height);
  const frame = { left: (box.left + box.right + 1 - frameWidth) / 2, top: (box.top + box.bottom + 1 - frameWidth / 3) / 2, width: frameWidth };
  const resultWidth = 3 * Math.round(Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, frameWidth)) / 3);
  const colour = inkColour(flat, darkness, strokes.mask, ink);
  const picture = draw(opacity(darkness, strokes, low, ink), frame, resultWidth, colour);

  const edge = edgeWidth(flat.darkness, strokes.mask);
  if (edge > EDGE_SHARP && (edge > EDGE_PER_WIDTH * Math.max(width, height) || edge > 1.6 * strokes.width)) problems.push("blurred");
  if (ink < INK_FAINT) problems.push("faint");
  if (part === undefined && (strokes.isCut || box.left <= 1 || box.top <= 1 || box.right >= size.width - 2 || box.bottom >= size.height - 2)) problems.push("cut");
  if (Math.max(colour[0], colour[1]) - colour[2] > 40) problems.push("colour");
  const enlarged = (resultWidth / frameWidth) * scale;
  if (enlarged > ENLARGED_MAX) problems.push("small");
  const toArea = (x: number, y: number) => ({ x: window.left + (x / size.width) * (window.right - window.left), y: window.top + (y / size.height) * (window.bottom - window.top) });
  const [start, end] = [toArea(frame.left, frame.top), toArea(frame.left + frameWidth, frame.top + frameWidth / 3)];
  return { picture, problems, window: { left: start.x, top: start.y, right: end.x, bottom: end.y }, enlarged, resolution: scale };
}

type Sides = { left: number; top: number; right: number; bottom: number; isBox: boolean };

/** Returns the sides of the box in pixels, or the sides of the whole picture if there is no box. */
function boxSides(isBox: boolean, window: Window, { width, height }: { width: number; height: number }): Sides {
  const x = (u: number) => ((u - window.left) / (window.right - window.left)) * width;
  const y = (v: number) => ((v - window.top) / (window.bottom - window.top)) * height;
  return isBox ? { left: x(0), top: y(0), right: x(1), bottom: y(1), isBox } : { left: 0, top: 0, right: width, bottom: height, isBox };
}

function withoutThings({ darkness, things }: FlatPicture): Plane {
  const { width, height } = darkness;
  const near = dilate(things, Math.max(4, Math.round(0.006 * Math.max(width, height))));
  const result = newPlane(width, height);
  for (let index = 0; index < result.data.length; index += 1) result.data[index] = (near.data[index] ?? 0) === 0 ? (darkness.data[index] ?? 0) : 0;
  return result;
}

/**
 * Returns the darkness of the ink in the middle of the strokes. Only the darkest pixels count, because printed lines are usually lighter.
 */
function inkDarkness(darkness: Plane, noise: number): number {
  const counts = histogram(darkness);
  const darkest = quantile(counts, 0.9997);
  const from = Math.max(Math.round(0.45 * darkest), Math.ceil(5 * noise), 15);
  return quantile(counts, 0.7, Math.min(254, from));
}

/** Removes horizontal and vertical lines. */
function withoutLines(darkness: Plane, flat: FlatPicture, sides: Sides, thickest: number): Plane {
  const { width } = darkness;
  const hueAt = (index: number) => {
    const [red, , blue] = flat.colour(index);
    return (blue - red) / Math.max(24, 255 - Math.min(red, blue));
  };
  const ink = { darkness: inkDarkness(darkness, flat.noise), noise: flat.noise };
  const alongRows: Ink = { ...ink, hue: (x, y) => hueAt(y * width + x) };
  const alongColumns: Ink = { ...ink, hue: (y, x) => hueAt(y * width + x) };
  const rows = removeRows(darkness, alongRows, thickest, sides.isBox ? [sides.top, sides.bottom] : []);
  return transpose(removeRows(transpose(rows), alongColumns, thickest, sides.isBox ? [sides.left, sides.right] : []));
}

/** Returns the ink's colour, darkened if it is too light. The hue does not change. */
function inkColour(flat: FlatPicture, darkness: Plane, mask: Plane, ink: number): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (const share of [0.85, 0.6, 0.3]) {
    for (let index = 0; index < mask.data.length; index += 1) {
      if ((mask.data[index] ?? 0) === 0 || (darkness.data[index] ?? 0) < share * ink) continue;
      const [red, green, blue] = flat.colour(index);
      sums[0] += red;
      sums[1] += green;
      sums[2] += blue;
      count += 1;
    }
    if (count > 20) break;
  }
  const [red, green, blue] = sums.map((sum) => sum / Math.max(1, count)) as [number, number, number];
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const factor = Math.min(1, INK_LUMA_MAX / Math.max(1, luma));
  return [red * factor, green * factor, blue * factor];
}

/** A pixel is completely ink if it has at least this fraction of the darkness in the middle of its stroke. */
const FULL = 0.78;

/**
 * Returns how much of each pixel is ink, 0 to 255. Edges of strokes are soft. A pen presses unevenly, so each pixel is compared with the
 * darkest pixel of its stroke nearby. So pale strokes become as solid as dark ones.
 */
function opacity(darkness: Plane, { mask, width: strokeWidth }: Strokes, low: number, ink: number): Plane {
  const { width, height } = darkness;
  const edge = dilate(mask, 1);
  const inside = newPlane(width, height);
  for (let index = 0; index < inside.data.length; index += 1) if ((mask.data[index] ?? 0) !== 0) inside.data[index] = (darkness.data[index] ?? 0);
  const middle = dilate(inside, Math.max(2, Math.round(strokeWidth)));
  const result = newPlane(width, height);
  const start = 0.7 * low;
  for (let index = 0; index < result.data.length; index += 1) {
    if ((edge.data[index] ?? 0) === 0) continue;
    const full = Math.max(1.3 * low, FULL * Math.min(ink, (middle.data[index] ?? 0)));
    result.data[index] = Math.max(0, Math.min(255, (255 * ((darkness.data[index] ?? 0) - start)) / Math.max(1, full - start)));
  }
  return result;
}

/** Draws the part `frame` on white, with cubic interpolation (Catmull-Rom). Sharpens the edges of strokes that are enlarged. */
function draw(opacity: Plane, frame: { left: number; top: number; width: number }, width: number, colour: readonly [number, number, number]): Raster {
  const height = width / 3;
  const scale = frame.width / width;
  const sharpness = Math.max(1, Math.min(3, 1 / scale));
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const [columns, rows] = [taps(width, frame.left, scale, opacity.width), taps(height, frame.top, scale, opacity.height)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let j = 4 * y; j < 4 * y + 4; j += 1) {
        const row = (rows.index[j] ?? 0);
        const weight = (rows.weight[j] ?? 0);
        if (row < 0 || weight === 0) continue;
        let across = 0;
        for (let i = 4 * x; i < 4 * x + 4; i += 1) {
          const column = (columns.index[i] ?? 0);
          if (column >= 0) across += (columns.weight[i] ?? 0) * (opacity.data[row * opacity.width + column] ?? 0);
        }
        sum += weight * across;
      }
      const share = Math.max(0, Math.min(1, (sum / 255 - 0.5) * sharpness + 0.5));
      if (share <= 0.02) continue;
      const to = (y * width + x) * 4;
      for (let channel = 0; channel < 3; channel += 1) data[to + channel] = 255 - share * (255 - (colour[channel] ?? 0));
    }
  }
  return { width, height, data };
}

/** Returns four source pixels and their weights for each pixel of the result. The index -1 stands for a pixel outside of the source. */
function taps(size: number, start: number, scale: number, limit: number): { index: Int32Array; weight: Float32Array } {
  const [index, weight] = [new Int32Array(4 * size), new Float32Array(4 * size)];
  for (let to = 0; to < size; to += 1) {
    const from = start + (to + 0.5) * scale - 0.5;
    const first = Math.floor(from) - 1;
    const t = from - Math.floor(from);
    const weights = [-0.5 * t + t * t - 0.5 * t ** 3, 1 - 2.5 * t * t + 1.5 * t ** 3, 0.5 * t + 2 * t * t - 1.5 * t ** 3, -0.5 * t * t + 0.5 * t ** 3];
    for (let tap = 0; tap < 4; tap += 1) {
      index[4 * to + tap] = first + tap >= 0 && first + tap < limit ? first + tap : -1;
      weight[4 * to + tap] = (weights[tap] ?? 0);
    }
  }
  return { index, weight };
}

/**
 * Returns the width of the strokes' edges in pixels: the difference between paper and ink, divided by the steepest step of an edge.
 * Measures on a smoothed copy, because noise also has steep steps.
 */
function edgeWidth(darkness: Plane, mask: Plane): number {
  const { width, height, data } = smooth(smooth(darkness));
  const steps = new Uint32Array(256);
  const darks = new Uint32Array(256);
  for (let y = 2; y < height - 2; y += 1) for (let x = 2; x < width - 2; x += 1) {
    const here = y * width + x;
    if (mask.data[here] === 0) continue;
    if (mask.data[here - 1] !== 0 && mask.data[here + 1] !== 0 && mask.data[here - width] !== 0 && mask.data[here + width] !== 0) {
      const dark = data[here] ?? 0;
      darks[dark] = (darks[dark] ?? 0) + 1;
      continue;
    }
    const across = Math.abs((data[here + 1] ?? 0) - (data[here - 1] ?? 0));
    const down = Math.abs((data[here + width] ?? 0) - (data[here - width] ?? 0));
    const step = Math.round(Math.hypot(across, down) / 2);
    steps[Math.min(255, step)] = (steps[Math.min(255, step)] ?? 0) + 1;
  }
  return quantile(darks, 0.75) / Math.max(1, quantile(steps, 0.7));
}
