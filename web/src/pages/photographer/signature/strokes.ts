/* Distinguishes the strokes of a signature from specks, pens and edges. */
import { components, type Component } from "./components";
import { dilate, newPlane, type Plane } from "./raster";

/**
 * Returns the distance of each pixel of a mask from the nearest pixel outside of the mask, in thirds of a pixel (chamfer 3-4), at most 255.
 */
export function distanceInside({ width, height, data }: Plane): Plane {
  const result = newPlane(width, height);
  const far = (index: number, x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : (result.data[index] ?? 0));
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    const here = y * width + x;
    if ((data[here] ?? 0) === 0) continue;
    result.data[here] = Math.min(255, far(here - 1, x - 1, y) + 3, far(here - width, x, y - 1) + 3, far(here - width - 1, x - 1, y - 1) + 4, far(here - width + 1, x + 1, y - 1) + 4);
  }
  for (let y = height - 1; y >= 0; y -= 1) for (let x = width - 1; x >= 0; x -= 1) {
    const here = y * width + x;
    if ((data[here] ?? 0) === 0) continue;
    result.data[here] = Math.min((result.data[here] ?? 0), far(here + 1, x + 1, y) + 3, far(here + width, x, y + 1) + 3, far(here + width + 1, x + 1, y + 1) + 4, far(here + width - 1, x - 1, y + 1) + 4);
  }
  return result;
}

/** Returns the pixels above `high`, and the pixels above `low` that are connected to a pixel above `high`. */
export function hysteresis(plane: Plane, low: number, high: number): Plane {
  const { width, height, data } = plane;
  const result = newPlane(width, height);
  const stack: number[] = [];
  for (let seed = 0; seed < data.length; seed += 1) {
    if ((data[seed] ?? 0) <= high || (result.data[seed] ?? 0) !== 0) continue;
    result.data[seed] = 1;
    stack.push(seed);
    for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
      const x = here % width;
      for (const next of [x > 0 ? here - 1 : -1, x < width - 1 ? here + 1 : -1, here - width, here + width]) {
        if (next < 0 || next >= data.length || (data[next] ?? 0) <= low || (result.data[next] ?? 0) !== 0) continue;
        result.data[next] = 1;
        stack.push(next);
      }
    }
  }
  return result;
}

export type Strokes = { readonly mask: Plane; readonly width: number; readonly length: number; /** Length of the strokes that are not straight. */ readonly curvedLength: number; /** True if a letter is missing, because it stands at the area's border. */ readonly isCut: boolean; readonly box: { left: number; top: number; right: number; bottom: number } | undefined };

/** A component thicker than this multiple of the stroke width is not ink of the signer's pen. */
const THICK = 4;
/**
 * Width of the area's border, as a fraction of the area's width or height. A component of which at least half lies in the border is not a
 * stroke, because it is usually a fragment of the sheet's edge or of a printed line.
 */
const BORDER = 0.02;

/** Minimum width of a dot, relative to the width of the strokes. */
const DOT_WIDTH_MIN = 0.6;

type Measured = Component & { readonly strokeWidth: number; readonly strokeLength: number; readonly isStraight?: boolean };

/**
 * Returns the components that can be strokes. At least half of a stroke must lie in the rectangle `inside`: the printed box or, if there is
 * no box, the whole picture.
 */
export function keepStrokes(mask: Plane, inside: { left: number; top: number; right: number; bottom: number }, speckFactor: number): Strokes {
  const { width, height } = mask;
  const thin = removeThick(mask);
  const found = components(thin);
  const depth = distanceInside(thin);
  const sums = new Float64Array(found.all.length + 1);
  const moments = new Float64Array(5 * (found.all.length + 1));
  const insideCount = new Uint32Array(found.all.length + 1);
  const borderCount = new Uint32Array(found.all.length + 1);
  const [borderX, borderY] = [Math.round(BORDER * width), Math.round(BORDER * height)];
  for (let y = 0, index = 0; y < height; y += 1) for (let x = 0; x < width; x += 1, index += 1) {
    const label = (found.labels[index] ?? 0);
    if (label === 0) continue;
    sums[label] = (sums[label] ?? 0) + (depth.data[index] ?? 0) / 3;
    const first = 5 * label;
    moments[first] = (moments[first] ?? 0) + x;
    moments[first + 1] = (moments[first + 1] ?? 0) + y;
    moments[first + 2] = (moments[first + 2] ?? 0) + x * x;
    moments[first + 3] = (moments[first + 3] ?? 0) + x * y;
    moments[first + 4] = (moments[first + 4] ?? 0) + y * y;
    if (x >= inside.left && x <= inside.right && y >= inside.top && y <= inside.bottom) insideCount[label] = (insideCount[label] ?? 0) + 1;
    if (x < borderX || y < borderY || x >= width - borderX || y >= height - borderY) borderCount[label] = (borderCount[label] ?? 0) + 1;
  }
  const measured: Measured[] = found.all.map((one) => {
    const strokeWidth = Math.max(1, (2 * (sums[one.label] ?? 0)) / one.area - 0.5);
    const strokeLength = one.area / strokeWidth;
    return { ...one, strokeWidth, strokeLength, isStraight: strokeLength > 8 * strokeWidth && spread(moments, one) < 0.6 * strokeWidth + 0.8 };
  });
  const usualWidth = weightedMedian(measured);
  const isAtBorder = (one: Measured) => (borderCount[one.label] ?? 0) >= 0.5 * one.area;
  const isStroke = (one: Measured) =>
    (insideCount[one.label] ?? 0) >= 0.5 * one.area &&
    !isAtBorder(one) &&
    one.area >= 0.35 * speckFactor * usualWidth * usualWidth;
  const candidates = measured.filter(isStroke);
  const kept = nearOthers(candidates, usualWidth, speckFactor);
  const labels = new Uint8Array(found.all.length + 1);
  for (const { label } of kept) labels[label] = 1;
  const result = newPlane(width, height);
  for (let index = 0; index < result.data.length; index += 1) result.data[index] = (labels[(found.labels[index] ?? 0)] ?? 0);
  const box = kept.length === 0 ? undefined : {
    left: Math.min(...kept.map(({ left }) => left)),
    top: Math.min(...kept.map(({ top }) => top)),
    right: Math.max(...kept.map(({ right }) => right)),
    bottom: Math.max(...kept.map(({ bottom }) => bottom)),
  };
  const isCut = measured.some((one) => isAtBorder(one) && isCutLetter(one, kept, usualWidth));
  return { mask: result, isCut, width: usualWidth, length: lengthOf(kept), curvedLength: lengthOf(kept.filter((one) => one.isStraight !== true && one.strokeLength > 8 * usualWidth)), box };
}

/** Returns whether a component at the border is a part of a letter, and not of a printed line or of the sheet's edge. */
function isCutLetter(one: Measured, kept: readonly Measured[], usualWidth: number): boolean {
  const isPenStroke = one.strokeWidth > 0.5 * usualWidth && one.strokeWidth < 2 * usualWidth && one.strokeLength > 5 * usualWidth && one.isStraight !== true;
  return isPenStroke && kept.some((stroke) => gap(one, stroke) <= 8 * usualWidth);
}

/** Returns the larger of the horizontal and the vertical distance between two bounding boxes. */
const gap = (a: Component, b: Component): number => Math.max(0, Math.max(a.left, b.left) - Math.min(a.right, b.right), Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom));

const lengthOf = (strokes: readonly Measured[]) => strokes.reduce((sum, { strokeLength }) => sum + strokeLength, 0);

/**
 * Returns the standard deviation of a component's pixels perpendicular to the component's main direction. For each label, `moments`
 * contains the sums of x, y, xx, xy and yy.
 */
function spread(moments: Float64Array, { label, area }: Component): number {
  const moment = (index: number) => (moments[5 * label + index] ?? 0) / area;
  const [x, y] = [moment(0), moment(1)];
  const [xx, xy, yy] = [moment(2) - x * x, moment(3) - x * y, moment(4) - y * y];
  return Math.sqrt(Math.max(0, (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy)));
}

/**
 * Returns the median width of the strokes, weighted by their length. So a pen that lies on the paper counts little, because its area is
 * large but its length is small.
 */
function weightedMedian(measured: readonly Measured[]): number {
  const sorted = [...measured].sort((a, b) => a.strokeWidth - b.strokeWidth);
  // Ignore specks. Each has almost no length, but there can be thousands of them.
  const long = sorted.filter(({ strokeLength, strokeWidth }) => strokeLength > 6 * strokeWidth);
  const counted = long.length > 0 ? long : sorted;
  const total = counted.reduce((sum, { strokeLength }) => sum + strokeLength, 0);
  let seen = 0;
  for (const one of counted) {
    seen += one.strokeLength;
    if (seen >= total / 2) return one.strokeWidth;
  }
  return 1;
}

/**
 * Removes specks that are far from every stroke, and small strokes that are far from the signature. Dots and accents stay, because they are
 * near strokes.
 */
function nearOthers(candidates: readonly Measured[], usualWidth: number, speckFactor: number): Measured[] {
  const isLong = (one: Measured) => one.strokeLength > 5 * usualWidth * speckFactor;
  const longest = candidates.reduce<Measured | undefined>((best, one) => (best === undefined || one.strokeLength > best.strokeLength ? one : best), undefined);
  if (longest === undefined) return [];
  const reach = 0.6 * Math.max(longest.right - longest.left, longest.bottom - longest.top);
  // The signature consists of the longest component, of components with at least 0.3 times its length, and of long components near any of
  // these.
  const signature = new Set<Measured>([longest]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of candidates) {
      if (signature.has(one) || !isLong(one)) continue;
      if (one.strokeLength < 0.3 * longest.strokeLength && ![...signature].some((other) => gap(one, other) <= reach)) continue;
      signature.add(one);
      grown = true;
    }
  }
  const strokes = [...signature];
  // Dots and accents are as wide as the pen's strokes. Remains of a printed line are thinner.
  const small = candidates.filter((one) => !isLong(one) && one.strokeWidth > DOT_WIDTH_MIN * usualWidth && strokes.some((stroke) => gap(one, stroke) <= 8 * usualWidth));
  return [...strokes, ...small];
}

/** Removes objects that are much thicker than the strokes, such as a pen that lies on the paper, together with their edges. */
function removeThick(mask: Plane): Plane {
  const { width, height } = mask;
  const depth = distanceInside(mask);
  const found = components(mask);
  const sums = new Float64Array(found.all.length + 1);
  for (let index = 0; index < depth.data.length; index += 1) {
    const label = (found.labels[index] ?? 0);
    if (label !== 0) sums[label] = (sums[label] ?? 0) + (depth.data[index] ?? 0) / 3;
  }
  const usual = weightedMedian(found.all.map((one) => {
    const strokeWidth = Math.max(1, (2 * (sums[one.label] ?? 0)) / one.area - 0.5);
    return { ...one, strokeWidth, strokeLength: one.area / strokeWidth };
  }));
  const limit = Math.max(8, THICK * usual) / 2;
  const thick = newPlane(width, height);
  let any = false;
  for (let index = 0; index < depth.data.length; index += 1) if ((depth.data[index] ?? 0) / 3 > limit) {
    thick.data[index] = 1;
    any = true;
  }
  if (!any) return mask;
  // Crossings of strokes are also thick, but small.
  const blobs = components(thick);
  const isLarge = (one: Component) => one.area > 4 * limit * limit;
  if (!blobs.all.some(isLarge)) return mask;
  for (let index = 0; index < thick.data.length; index += 1) {
    const label = (blobs.labels[index] ?? 0);
    const blob = blobs.all[label - 1];
    if (blob !== undefined && !isLarge(blob)) thick.data[index] = 0;
  }
  const zone = dilate(thick, Math.ceil(limit * 1.8));
  const result = newPlane(width, height);
  for (let index = 0; index < result.data.length; index += 1) result.data[index] = (zone.data[index] ?? 0) === 0 ? (mask.data[index] ?? 0) : 0;
  return result;
}
