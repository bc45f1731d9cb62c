/* Operations on pictures, and on planes, which have one value per pixel. All functions are pure. */

/** A picture with four bytes per pixel (red, green, blue, alpha). ImageData has this shape. */
export type Raster = { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };
/** A plane: one value from 0 to 255 per pixel. */
export type Plane = { readonly width: number; readonly height: number; readonly data: Uint8Array };

export const newPlane = (width: number, height: number): Plane => ({ width, height, data: new Uint8Array(width * height) });

/**
 * Returns the mean of each square of `factor` x `factor` pixels. For an incomplete square at the right or at the bottom, returns the mean
 * of its existing pixels.
 */
export function shrink({ width, height, data }: Raster, factor: number): Raster {
  const size = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
  const result = new Uint8ClampedArray(size.width * size.height * 4);
  const sums = new Float64Array(size.width * 3);
  for (let row = 0; row < size.height; row += 1) {
    sums.fill(0);
    const top = row * factor;
    const bottom = Math.min(height, top + factor);
    for (let y = top; y < bottom; y += 1) {
      for (let x = 0, from = y * width * 4; x < width; x += 1, from += 4) {
        const to = Math.floor(x / factor) * 3;
        sums[to] = (sums[to] ?? 0) + (data[from] ?? 0);
        sums[to + 1] = (sums[to + 1] ?? 0) + (data[from + 1] ?? 0);
        sums[to + 2] = (sums[to + 2] ?? 0) + (data[from + 2] ?? 0);
      }
    }
    for (let column = 0; column < size.width; column += 1) {
      const count = (Math.min(width, (column + 1) * factor) - column * factor) * (bottom - top);
      const to = (row * size.width + column) * 4;
      for (let channel = 0; channel < 3; channel += 1) result[to + channel] = (sums[column * 3 + channel] ?? 0) / count;
      result[to + 3] = 255;
    }
  }
  return { ...size, data: result };
}

export function channel({ width, height, data }: Raster, index: 0 | 1 | 2): Plane {
  const plane = newPlane(width, height);
  for (let to = 0, from: number = index; to < plane.data.length; to += 1, from += 4) plane.data[to] = (data[from] ?? 0);
  return plane;
}

/** Returns the brightness of each pixel (ITU-R BT.709). */
export function luma({ width, height, data }: Raster): Plane {
  const plane = newPlane(width, height);
  for (let to = 0, from = 0; to < plane.data.length; to += 1, from += 4) plane.data[to] = 0.2126 * (data[from] ?? 0) + 0.7152 * (data[from + 1] ?? 0) + 0.0722 * (data[from + 2] ?? 0) + 0.5;
  return plane;
}

export function transpose({ width, height, data }: Plane): Plane {
  const result = newPlane(height, width);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) result.data[x * height + y] = (data[y * width + x] ?? 0);
  return result;
}

/**
 * Returns, for each pixel, the largest value within `radius` pixels horizontally and vertically. The time per pixel is constant (van Herk,
 * Gil, Werman).
 */
export function dilate(plane: Plane, radius: number): Plane {
  return transpose(dilateRows(transpose(dilateRows(plane, radius)), radius));
}

function dilateRows({ width, height, data }: Plane, radius: number): Plane {
  const result = newPlane(width, height);
  const span = 2 * radius + 1;
  const padded = Math.ceil((width + 2 * radius) / span) * span;
  const line = new Uint8Array(padded);
  const forward = new Uint8Array(padded);
  const backward = new Uint8Array(padded);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < padded; x += 1) line[x] = data[y * width + Math.max(0, Math.min(width - 1, x - radius))] ?? 0;
    for (let x = 0; x < padded; x += 1) forward[x] = x % span === 0 ? (line[x] ?? 0) : Math.max(forward[x - 1] ?? 0, line[x] ?? 0);
    for (let x = padded - 1; x >= 0; x -= 1) backward[x] = x % span === span - 1 ? (line[x] ?? 0) : Math.max(backward[x + 1] ?? 0, line[x] ?? 0);
    for (let x = 0; x < width; x += 1) result.data[y * width + x] = Math.max(backward[x] ?? 0, forward[x + span - 1] ?? 0);
  }
  return result;
}

const invert = ({ width, height, data }: Plane): Plane => ({ width, height, data: data.map((value) => 255 - value) });

/** Returns, for each pixel, the smallest value within `radius` pixels horizontally and vertically. */
export const erode = (plane: Plane, radius: number): Plane => invert(dilate(invert(plane), radius));

/** Removes dark details that are narrower than 2 x radius + 1 pixels. */
export const close = (plane: Plane, radius: number): Plane => erode(dilate(plane, radius), radius);

/** Returns, for each pixel, the mean within `radius` pixels horizontally and vertically. */
export function boxBlur(plane: Plane, radius: number): Plane {
  const alongRows = ({ width, height, data }: Plane): Plane => {
    const result = newPlane(width, height);
    for (let y = 0; y < height; y += 1) {
      const start = y * width;
      const value = (x: number) => (data[start + Math.max(0, Math.min(width - 1, x))] ?? 0);
      let sum = 0;
      for (let x = -radius; x <= radius; x += 1) sum += value(x);
      for (let x = 0; x < width; x += 1) {
        result.data[start + x] = sum / (2 * radius + 1) + 0.5;
        sum += value(x + radius + 1) - value(x - radius);
      }
    }
    return result;
  };
  return transpose(alongRows(transpose(alongRows(plane))));
}

/** Smooths with the weights 1 2 1 horizontally and vertically. */
export function smooth({ width, height, data }: Plane): Plane {
  const [rows, result] = [new Uint16Array(width * height), newPlane(width, height)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, here = y * width; x < width; x += 1, here += 1) rows[here] = (data[x > 0 ? here - 1 : here] ?? 0) + 2 * (data[here] ?? 0) + (data[x < width - 1 ? here + 1 : here] ?? 0);
  }
  for (let y = 0; y < height; y += 1) {
    const [above, below] = [y > 0 ? -width : 0, y < height - 1 ? width : 0];
    for (let x = 0, here = y * width; x < width; x += 1, here += 1) result.data[here] = ((rows[here + above] ?? 0) + 2 * (rows[here] ?? 0) + (rows[here + below] ?? 0) + 8) >> 4;
  }
  return result;
}

/** Counts how many pixels have each value. */
export function histogram({ data }: Plane): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of data) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Returns the smallest value that at least `share` of the counted pixels do not exceed. */
export function quantile(counts: Uint32Array, share: number, from = 0): number {
  let total = 0;
  for (let value = from; value < 256; value += 1) total += (counts[value] ?? 0);
  let seen = 0;
  for (let value = from; value < 256; value += 1) {
    seen += (counts[value] ?? 0);
    if (seen > 0 && seen >= total * share) return value;
  }
  return 255;
}
