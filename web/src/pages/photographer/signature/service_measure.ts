/* Measures a signature as the service does (shared/pictures/src/signature.rs), for tests. */
import { luma, type Raster } from "./raster";

const WIDTH = 1000;

export function measureAsService(picture: Raster): { ink: number; paper: number; contrast: number; colour: number; onEdge: number } {
  const copy = resize(picture, WIDTH, Math.max(1, Math.floor((picture.height * WIDTH) / picture.width)));
  const gray = luma(copy);
  const paper = level(gray.data, 0.5);
  const gap = Math.max(20, (paper - level(gray.data, 0.0005)) / 2);
  const isInk = (x: number, y: number) => (gray.data[y * gray.width + x] ?? 0) < paper - gap;
  const [levels, excesses]: [number[], number[]] = [[], []];
  let onEdge = 0;
  const edge = (length: number, isInkAt: (index: number) => boolean) => {
    for (let index = 0, run = 0; index < length; index += 1) {
      run = isInkAt(index) ? run + 1 : 0;
      onEdge = Math.max(onEdge, run);
    }
  };
  edge(gray.width, (x) => isInk(x, 0));
  edge(gray.width, (x) => isInk(x, gray.height - 1));
  edge(gray.height, (y) => isInk(0, y));
  edge(gray.height, (y) => isInk(gray.width - 1, y));
  for (let y = 0; y < gray.height; y += 1) for (let x = 0; x < gray.width; x += 1) {
    if (!isInk(x, y)) continue;
    const from = (y * gray.width + x) * 4;
    levels.push((gray.data[y * gray.width + x] ?? 0));
    excesses.push(Math.max(0, Math.max((copy.data[from] ?? 0), (copy.data[from + 1] ?? 0)) - (copy.data[from + 2] ?? 0)));
  }
  return { ink: levels.length / (gray.width * gray.height), paper, contrast: paper - level(levels, 0.5), colour: level(excesses, 0.5), onEdge };
}

function level(values: ArrayLike<number>, share: number): number {
  const sorted = Array.from(values).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Scales with a triangle filter, as the service does. */
function resize({ width, height, data }: Raster, toWidth: number, toHeight: number): Raster {
  const weights = (from: number, to: number) => {
    const ratio = from / to;
    const radius = Math.max(1, ratio);
    return Array.from({ length: to }, (_, index) => {
      const centre = (index + 0.5) * ratio;
      const taps: [number, number][] = [];
      for (let tap = Math.max(0, Math.floor(centre - radius)); tap < Math.min(from, Math.ceil(centre + radius)); tap += 1) taps.push([tap, Math.max(0, 1 - Math.abs(tap + 0.5 - centre) / radius)]);
      const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
      return taps.map(([tap, weight]) => [tap, weight / total] as const);
    });
  };
  const [columns, rows] = [weights(width, toWidth), weights(height, toHeight)];
  const wide = new Float32Array(toWidth * height * 3);
  for (let y = 0; y < height; y += 1) columns.forEach((taps, x) => {
    for (const [tap, weight] of taps) for (let channel = 0; channel < 3; channel += 1) wide[(y * toWidth + x) * 3 + channel] = (wide[(y * toWidth + x) * 3 + channel] ?? 0) + weight * (data[(y * width + tap) * 4 + channel] ?? 0);
  });
  const result = new Uint8ClampedArray(toWidth * toHeight * 4).fill(255);
  rows.forEach((taps, y) => {
    for (let x = 0; x < toWidth; x += 1) for (let channel = 0; channel < 3; channel += 1) result[(y * toWidth + x) * 4 + channel] = taps.reduce((sum, [tap, weight]) => sum + weight * (wide[(tap * toWidth + x) * 3 + channel] ?? 0), 0);
  });
  return { width: toWidth, height: toHeight, data: result };
}
