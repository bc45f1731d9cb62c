/* Corrects perspective and uneven light. */
import { perspective, project, type Quad } from "./quad";
import { boxBlur, channel, close, histogram, luma, newPlane, quantile, shrink, smooth, type Plane, type Raster } from "./raster";

/** A rectangle in units of the area's width and height. The whole area is the rectangle from 0, 0 to 1, 1. */
export type Window = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/**
 * Straightens the part `window` of the quadrilateral into a rectangular picture of size `size`. Points outside of the source picture get
 * the colour of the source picture's border.
 */
export function rectify({ width, height, data }: Raster, quad: Quad, { left, top, right, bottom }: Window, size: { readonly width: number; readonly height: number }): Raster {
  const result = new Uint8ClampedArray(size.width * size.height * 4);
  const lens = perspective(quad);
  for (let row = 0, to = 0; row < size.height; row += 1) {
    const v = top + ((row + 0.5) / size.height) * (bottom - top);
    for (let column = 0; column < size.width; column += 1, to += 4) {
      const u = left + ((column + 0.5) / size.width) * (right - left);
      const point = project(lens, u, v);
      const x = Math.max(0, Math.min(width - 1.001, point.x - 0.5));
      const y = Math.max(0, Math.min(height - 1.001, point.y - 0.5));
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const from = (y0 * width + x0) * 4;
      const below = from + width * 4;
      for (let index = 0; index < 3; index += 1) {
        result[to + index] = (data[from + index] ?? 0) * (1 - fx) * (1 - fy) + (data[from + 4 + index] ?? 0) * fx * (1 - fy) + (data[below + index] ?? 0) * (1 - fx) * fy + (data[below + 4 + index] ?? 0) * fx * fy;
      }
      result[to + 3] = 255;
    }
  }
  return { ...size, data: result };
}

/** Light is estimated on a copy that is smaller by this factor. */
const LIGHT_FACTOR = 4;
/**
 * Maximum width of ink strokes, relative to the picture's longer side. Wider dark regions are uneven light, shadow or objects on the paper.
 */
const STROKE_MAX = 0.02;

export type FlatPicture = {
  /** Darkness of each pixel compared with the paper around it. Red counts more than blue, so that blue ink is as dark as black ink. */
  readonly darkness: Plane;
  /** Pixels of the table, and of objects that lie on the paper, such as a pen. */
  readonly things: Plane;
  /** Median brightness of the paper in the photo. */
  readonly paper: number;
  /** Standard deviation of `darkness` on the paper. */
  readonly noise: number;
  /** Returns the colour that a pixel would have in even light on white paper. */
  readonly colour: (index: number) => readonly [number, number, number];
};

const [RED, GREEN, BLUE] = [0.45, 0.4, 0.15];

/** Divides each pixel by the paper's brightness around it. */
export function flatten(picture: Raster): FlatPicture {
  const { width, height, data } = picture;
  const small = shrink(picture, LIGHT_FACTOR);
  const longest = Math.max(small.width, small.height);
  const radius = Math.max(3, Math.ceil((longest * STROKE_MAX) / 2));
  const light = ([0, 1, 2] as const).map((index) => boxBlur(close(channel(small, index), radius), 2));
  const [red = newPlane(1, 1), green = red, blue = red] = light.map((plane) => enlarge(plane, width, height));
  const darkness = newPlane(width, height);
  for (let index = 0, from = 0; index < darkness.data.length; index += 1, from += 4) {
    const share = (RED * (data[from] ?? 0)) / Math.max(1, (red.data[index] ?? 0)) + (GREEN * (data[from + 1] ?? 0)) / Math.max(1, (green.data[index] ?? 0)) + (BLUE * (data[from + 2] ?? 0)) / Math.max(1, (blue.data[index] ?? 0));
    darkness.data[index] = share >= 1 ? 0 : 255 * (1 - share);
  }
  // The light is estimated from the brightest pixels nearby, so the paper itself seems slightly dark. Subtract this darkness.
  const counts = histogram(darkness);
  const median = quantile(counts, 0.5);
  const noise = Math.max(0.7, (median - quantile(counts, 0.16)) * 1.2, median * 0.3);
  for (let index = 0; index < darkness.data.length; index += 1) darkness.data[index] = Math.max(0, (darkness.data[index] ?? 0) - median);
  const smoothed = noise > 2 ? smooth(darkness) : darkness;
  const things = enlargeMask(findThings(small, light), width, height);
  const scale = (value: number, plane: Plane, index: number) => Math.min(255, (255 * value) / Math.max(1, (plane.data[index] ?? 0)) + median);
  return {
    darkness: smoothed,
    things,
    paper: quantile(histogram(luma(small)), 0.5),
    noise: noise > 2 ? noise * 0.45 : noise,
    colour: (index) => [scale((data[index * 4] ?? 0), red, index), scale((data[index * 4 + 1] ?? 0), green, index), scale((data[index * 4 + 2] ?? 0), blue, index)],
  };
}

/** Finds the pixels of objects on the paper. An object is much darker than the light around it, or has another colour. */
function findThings({ width, height }: Raster, light: readonly Plane[]): Plane {
  const [red = newPlane(width, height), green = red, blue = red] = light;
  const brightness = newPlane(width, height);
  for (let index = 0; index < brightness.data.length; index += 1) brightness.data[index] = ((red.data[index] ?? 0) + (green.data[index] ?? 0) + (blue.data[index] ?? 0)) / 3;
  const paper = close(brightness, Math.ceil(Math.max(width, height) / 7));
  const hue = (index: number) => ((red.data[index] ?? 0) - (blue.data[index] ?? 0)) / Math.max(16, (brightness.data[index] ?? 0));
  const hues = Array.from({ length: Math.ceil(brightness.data.length / 7) }, (_, step) => hue(step * 7)).sort((a, b) => a - b);
  const usual = hues[Math.floor(hues.length / 2)] ?? 0;
  const result = newPlane(width, height);
  for (let index = 0; index < result.data.length; index += 1) {
    if ((brightness.data[index] ?? 0) < 0.42 * (paper.data[index] ?? 0) || Math.abs(hue(index) - usual) > 0.4) result.data[index] = 255;
  }
  return result;
}

/** Enlarges a plane by the factor LIGHT_FACTOR with linear interpolation. */
function enlarge({ width, height, data }: Plane, toWidth: number, toHeight: number): Plane {
  const result = newPlane(toWidth, toHeight);
  for (let row = 0, to = 0; row < toHeight; row += 1) {
    const y = Math.max(0, Math.min(height - 1, (row + 0.5) / LIGHT_FACTOR - 0.5));
    const [y0, y1] = [Math.floor(y), Math.min(height - 1, Math.floor(y) + 1)];
    for (let column = 0; column < toWidth; column += 1, to += 1) {
      const x = Math.max(0, Math.min(width - 1, (column + 0.5) / LIGHT_FACTOR - 0.5));
      const x0 = Math.floor(x);
      const x1 = Math.min(width - 1, x0 + 1);
      const above = (data[y0 * width + x0] ?? 0) * (1 - (x - x0)) + (data[y0 * width + x1] ?? 0) * (x - x0);
      const below = (data[y1 * width + x0] ?? 0) * (1 - (x - x0)) + (data[y1 * width + x1] ?? 0) * (x - x0);
      result.data[to] = above * (1 - (y - y0)) + below * (y - y0) + 0.5;
    }
  }
  return result;
}

function enlargeMask({ width, data }: Plane, toWidth: number, toHeight: number): Plane {
  const result = newPlane(toWidth, toHeight);
  for (let y = 0; y < toHeight; y += 1) for (let x = 0; x < toWidth; x += 1) result.data[y * toWidth + x] = (data[Math.floor(y / LIGHT_FACTOR) * width + Math.floor(x / LIGHT_FACTOR)] ?? 0);
  return result;
}
