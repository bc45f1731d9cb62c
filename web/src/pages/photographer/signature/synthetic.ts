/* Creates photos of signatures for tests: known strokes on paper, photographed at an angle and in uneven light. */
import { perspective, type Perspective, type Quad } from "./quad";
import type { Plane, Raster } from "./raster";

export type Colour = readonly [number, number, number];
export const DARK_BLUE: Colour = [28, 40, 120];
export const BLACK: Colour = [32, 32, 34];

/** A page of 210 x 148 millimetres (A5). `truth` is 1 for the pixels of the signature. */
export type Page = { readonly raster: Raster; readonly truth: Plane };
/** Number of pixels per tenth of a millimetre. All lengths in this file are in tenths of a millimetre. */
const DENSITY = 0.7;
const PAGE = { width: Math.round(2100 * DENSITY), height: Math.round(1480 * DENSITY) };

type PageOptions = {
  readonly ink?: Colour;
  /** Darkness of the letters in the right half relative to the other strokes, as if the pen was pressed less. */
  readonly pressure?: number;
  readonly paper?: Colour;
  readonly pattern?: "none" | "rows" | "squares";
  readonly patternColour?: Colour;
  readonly box?: boolean;
  readonly baseline?: boolean;
  readonly text?: boolean;
  readonly pen?: boolean;
  readonly empty?: boolean;
  /** Size and position of the signature. */
  readonly scale?: number;
  readonly at?: readonly [number, number];
};

/** Returns a generator of numbers from 0 to 1 that returns the same numbers in each run. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

type Curve = readonly [number, number, number, number, number, number, number, number];

/** An invented signature: a capital letter, a wave, a flourish, and a dot. Horizontal coordinates go from 0 to 100. */
const CURVES: readonly Curve[] = [
  [4, 24, 2, 2, 16, -4, 14, 12],
  [14, 12, 12, 30, 2, 34, 6, 20],
  [6, 20, 12, 4, 24, 10, 22, 22],
  [22, 22, 20, 30, 30, 30, 31, 18],
  [31, 18, 33, 12, 37, 14, 36, 22],
  [36, 22, 36, 28, 42, 26, 43, 18],
  [43, 18, 45, 12, 50, 16, 47, 23],
  [47, 23, 50, 30, 55, 6, 58, 2],
  [58, 2, 52, 14, 52, 40, 58, 26],
  [58, 26, 62, 16, 66, 14, 68, 21],
  [68, 21, 72, 30, 82, 8, 96, 12],
  [10, 33, 34, 27, 66, 30, 92, 25],
];
const DOT = [38, 8] as const;

/** Draws the signature's strokes into the plane `truth`. The width of a stroke varies, as it does when a pen changes its speed. */
function drawSignature(truth: Plane, left: number, top: number, scale: number): void {
  const disc = (x: number, y: number, radius: number) => {
    for (let py = Math.floor(y - radius); py <= y + radius; py += 1) for (let px = Math.floor(x - radius); px <= x + radius; px += 1) {
      if ((px - x) ** 2 + (py - y) ** 2 <= radius * radius && px >= 0 && py >= 0 && px < truth.width && py < truth.height) truth.data[py * truth.width + px] = 1;
    }
  };
  for (const [x0, y0, x1, y1, x2, y2, x3, y3] of CURVES) {
    for (let step = 0; step <= 600; step += 1) {
      const t = step / 600;
      const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
      disc(left + scale * (a * x0 + b * x1 + c * x2 + d * x3), top + scale * (a * y0 + b * y1 + c * y2 + d * y3), (3.2 + 1.3 * Math.sin(5 * t)) * DENSITY);
    }
  }
  disc(left + scale * DOT[0], top + scale * DOT[1], 5 * DENSITY);
}

export function page({ ink = DARK_BLUE, pressure = 1, paper = [236, 234, 228], pattern = "none", patternColour = [150, 178, 214], box = false, baseline = false, text = false, pen = false, empty = false, scale = 12, at = [430, 480] }: PageOptions = {}): Page {
  const { width, height } = PAGE;
  const truth: Plane = { width, height, data: new Uint8Array(width * height) };
  if (!empty) drawSignature(truth, at[0] * DENSITY, at[1] * DENSITY, scale * DENSITY);
  const data = new Uint8ClampedArray(width * height * 4);
  const random = randomFrom(11);
  const fibres = Array.from({ length: 4096 }, () => random() * 6 - 3);
  const black: Colour = [40, 40, 42];
  for (let row = 0, to = 0; row < height; row += 1) for (let column = 0; column < width; column += 1, to += 4) {
    const x = Math.floor(column / DENSITY);
    const y = Math.floor(row / DENSITY);
    let colour: Colour = paper;
    if (pattern !== "none" && y % 80 < 3) colour = patternColour;
    if (pattern === "squares" && (y % 50 < 3 || x % 50 < 3)) colour = patternColour;
    if (box && x >= 300 && x < 1800 && y >= 380 && y < 1020 && (x < 306 || x >= 1794 || y < 386 || y >= 1014)) colour = black;
    if (baseline && y >= 890 && y < 895 && x > 350 && x < 1750) colour = black;
    // Draws blocks of the size of printed letters.
    if (text && y > 200 && y < 300 && y % 50 < 26 && x > 200 && x < 1700 && (x * 7 + Math.floor(y / 50) * 13) % 41 < 18 && (x + y) % 9 < 4) colour = black;
    if (truth.data[row * width + column] === 1) {
      const share = x > 1000 && y < 780 ? pressure : 1;
      colour = [0, 1, 2].map((channel) => (colour[channel] ?? 0) + share * ((ink[channel] ?? 0) - (colour[channel] ?? 0))) as unknown as Colour;
    }
    const pencil = pen && Math.abs((y - 1200) * 0.98 + (x - 1000) * 0.17) < 42 && x > 500 && x < 1750;
    if (pencil) colour = [26, 26, 30];
    const grain = fibres[(column * 31 + row * 57) & 4095] ?? 0;
    for (let channel = 0; channel < 3; channel += 1) data[to + channel] = (colour[channel] ?? 0) + grain;
    data[to + 3] = 255;
  }
  return { raster: { width, height, data }, truth };
}

export type Photo = { readonly raster: Raster; readonly lens: Perspective; readonly corners: Quad };

type CameraOptions = {
  readonly width?: number;
  readonly height?: number;
  /** Corners of the page in the photo, relative to the photo's size. */
  readonly corners?: Quad;
  readonly table?: Colour;
  /**
   * `light` is the brightness at the left and at the right. `shadow` is the brightness in a shadow with an edge, relative to its
   * surroundings.
   */
  readonly light?: readonly [number, number];
  readonly shadow?: number;
  readonly tint?: Colour;
  readonly noise?: number;
  readonly blur?: number;
};

export const TILTED: Quad = [{ x: 0.14, y: 0.12 }, { x: 0.9, y: 0.07 }, { x: 0.96, y: 0.93 }, { x: 0.06, y: 0.86 }];
/** Corners for a photo that shows only a part of the page, without its edges. */
export const INSIDE: Quad = [{ x: -0.12, y: -0.1 }, { x: 1.12, y: -0.12 }, { x: 1.1, y: 1.15 }, { x: -0.1, y: 1.12 }];

/** Returns a photo of the page. */
export function photograph({ raster }: Page, { width = 1400, height = 1050, corners = TILTED, table = [96, 70, 50], light = [1, 0.75], shadow = 1, tint = [1, 1, 1], noise = 4, blur = 0.7 }: CameraOptions = {}): Photo {
  const placed = corners.map(({ x, y }) => ({ x: x * width, y: y * height })) as unknown as Quad;
  const lens = perspective(placed);
  const inverse = invert(lens);
  const plain = new Float32Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y += 1) for (let x = 0; x < width; x += 1, to += 3) {
    for (let sample = 0; sample < 4; sample += 1) {
      const dx = 0.25 + 0.5 * (sample & 1);
      const dy = 0.25 + 0.25 * (sample & 2);
      const w = inverse[6] * (x + dx) + inverse[7] * (y + dy) + inverse[8];
      const u = (inverse[0] * (x + dx) + inverse[1] * (y + dy) + inverse[2]) / w;
      const v = (inverse[3] * (x + dx) + inverse[4] * (y + dy) + inverse[5]) / w;
      const isPage = u >= 0 && v >= 0 && u < 1 && v < 1;
      const from = isPage ? (Math.floor(v * raster.height) * raster.width + Math.floor(u * raster.width)) * 4 : 0;
      for (let channel = 0; channel < 3; channel += 1) plain[to + channel] = (plain[to + channel] ?? 0) + ((isPage ? raster.data[from + channel] : table[channel]) ?? 0) / 4;
    }
  }
  const soft = gaussian(plain, width, blur);
  const data = new Uint8ClampedArray(width * height * 4);
  const random = randomFrom(5);
  for (let y = 0, from = 0, to = 0; y < height; y += 1) for (let x = 0; x < width; x += 1, from += 3, to += 4) {
    const across = light[0] + ((light[1] - light[0]) * x) / width;
    // The shadow of the photographer's arm, with an edge of 40 pixels.
    const inShadow = Math.max(0, Math.min(1, (x * 0.6 + y - 0.75 * height) / 40));
    const bright = across * (1 - (1 - shadow) * inShadow) * (1 - 0.12 * ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 4);
    const grain = (random() + random() + random() - 1.5) * 2 * noise;
    for (let channel = 0; channel < 3; channel += 1) data[to + channel] = (soft[from + channel] ?? 0) * bright * (tint[channel] ?? 1) + grain;
    data[to + 3] = 255;
  }
  return { raster: { width, height, data }, lens, corners: placed };
}

export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

export function invert([a, b, c, d, e, f, g, h]: Perspective): Matrix {
  return [e - f * h, c * h - b, b * f - c * e, f * g - d, a - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
}

/** Blurs three colour channels with a Gaussian filter. */
function gaussian(source: Float32Array, width: number, sigma: number): Float32Array {
  if (sigma <= 0) return source;
  const radius = Math.ceil(2.5 * sigma);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, index) => Math.exp(-((index - radius) ** 2) / (2 * sigma * sigma)));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const pass = (input: Float32Array, step: number) => {
    const output = new Float32Array(input.length);
    for (let index = 0; index < input.length; index += 1) {
      let sum = 0;
      for (let tap = -radius; tap <= radius; tap += 1) sum += (kernel[tap + radius] ?? 0) * (input[index + tap * step] ?? input[index] ?? 0);
      output[index] = sum / total;
    }
    return output;
  };
  return pass(pass(source, 3), 3 * width);
}
