/* Finds the area of the signature: the sheet of paper, or the printed box. */
import { components, outline } from "./components";
import { angles, area, convexHull, enclosingQuad, isUsable, mapQuad, project, perspective, type Point, type Quad } from "./quad";
import { boxBlur, histogram, luma, newPlane, quantile, shrink, type Plane, type Raster } from "./raster";

/** `sheet`: a sheet of paper with visible edges. `box`: a printed frame. */
export type FoundArea = { readonly quad: Quad; readonly kind: "sheet" | "box" };

/**
 * Approximate length of the longer side, in pixels, of the small copies in which this module searches for sheets and for boxes. The thin
 * lines of a box need more pixels than a sheet.
 */
const SHEET_EDGE = 320;
const BOX_EDGE = 900;
/** Width of the border that is cut off from a sheet, relative to the sheet's sides, so that no part of the table remains. */
const SHEET_INSET = 0.012;
/** Maximum area of a box relative to the sheet's area. A larger box is usually the sheet's own edge. */
const BOX_AREA_MAX = 0.8;

/** Returns the box if the picture has a box with ink in it, otherwise the sheet. Returns undefined if there is neither. */
export function findArea(picture: Raster): FoundArea | undefined {
  const factor = Math.max(1, Math.round(Math.max(picture.width, picture.height) / BOX_EDGE));
  const small = shrink(picture, factor);
  const sheet = findSheet(small);
  const box = findBox(small, sheet === undefined ? Infinity : BOX_AREA_MAX * area(sheet));
  const quad = box ?? (sheet === undefined ? undefined : inset(sheet, SHEET_INSET));
  if (quad === undefined) return undefined;
  const corner = ({ x, y }: Point) => ({ x: Math.max(0, Math.min(picture.width, x * factor)), y: Math.max(0, Math.min(picture.height, y * factor)) });
  return { quad: mapQuad(quad, corner), kind: box === undefined ? "sheet" : "box" };
}

export function inset(quad: Quad, share: number): Quad {
  const lens = perspective(quad);
  return [project(lens, share, share), project(lens, 1 - share, share), project(lens, 1 - share, 1 - share), project(lens, share, 1 - share)];
}

/** Searches for a bright quadrilateral. Tries several thresholds, because shadow on the paper may be darker than light on the table. */
function findSheet(picture: Raster): Quad | undefined {
  const factor = Math.max(1, Math.ceil(Math.max(picture.width, picture.height) / SHEET_EDGE));
  const small = shrink(picture, factor);
  let best: { quad: Quad; score: number } | undefined;
  for (const plane of [boxBlur(luma(small), 1), boxBlur(darkestChannel(small), 1)]) {
    const counts = histogram(plane);
    const tried = new Set<number>();
    for (let share = 0.05; share < 0.85; share += 0.04) {
      const threshold = quantile(counts, share);
      if (tried.has(threshold)) continue;
      tried.add(threshold);
      const found = brightQuad(plane, threshold);
      if (found !== undefined && (best === undefined || found.score > best.score)) best = found;
    }
  }
  return best === undefined ? undefined : mapQuad(best.quad, ({ x, y }) => ({ x: x * factor, y: y * factor }));
}

/**
 * Returns the darkest channel of each pixel. Wooden tables are as bright as paper but coloured, so their darkest channel is much darker
 * than that of paper.
 */
function darkestChannel({ width, height, data }: Raster): Plane {
  const plane = newPlane(width, height);
  for (let to = 0, from = 0; to < plane.data.length; to += 1, from += 4) plane.data[to] = Math.min((data[from] ?? 0), (data[from + 1] ?? 0), (data[from + 2] ?? 0));
  return plane;
}

function brightQuad(plane: Plane, threshold: number): { quad: Quad; score: number } | undefined {
  const { width, height } = plane;
  const mask = newPlane(width, height);
  for (let index = 0; index < mask.data.length; index += 1) mask.data[index] = (plane.data[index] ?? 0) > threshold ? 1 : 0;
  const found = components(mask);
  const largest = found.all.reduce<(typeof found.all)[number] | undefined>((best, one) => (best === undefined || one.area > best.area ? one : best), undefined);
  if (largest === undefined || largest.area < 0.12 * width * height) return undefined;
  const hull = convexHull(outline(found, largest, width));
  const quad = enclosingQuad(hull);
  if (quad === undefined || !isUsable(quad) || angles(quad).some((angle) => angle < 50 || angle > 130)) return undefined;
  const [quadArea, hullArea] = [area(quad), area(hull)];
  // Most of a sheet's quadrilateral must be paper. The rest is ink and objects that lie on the sheet.
  if (hullArea < 0.95 * quadArea || largest.area < 0.8 * hullArea) return undefined;
  if (quad.some(({ x, y }) => x < -0.03 * width || y < -0.03 * height || x > 1.03 * width || y > 1.03 * height)) return undefined;
  const edge = edgeContrast(plane, quad);
  // If no edge of the sheet is visible, the paper fills the picture, so there is no sheet to cut out.
  if (edge.visible === 0 || edge.contrast < 18) return undefined;
  return { quad, score: (hullArea / quadArea) * (largest.area / hullArea) * Math.min(1, edge.contrast / 60) };
}

/**
 * Returns the number of sides that are not on the picture's border, and the smallest difference in brightness across one of these sides.
 */
function edgeContrast({ width, height, data }: Plane, quad: Quad): { visible: number; contrast: number } {
  const centre = { x: quad.reduce((sum, { x }) => sum + x, 0) / 4, y: quad.reduce((sum, { y }) => sum + y, 0) / 4 };
  const isOnBorder = ({ x, y }: Point) => x < 0.02 * width || y < 0.02 * height || x > 0.98 * width || y > 0.98 * height;
  const value = ({ x, y }: Point) => (data[Math.max(0, Math.min(height - 1, Math.floor(y))) * width + Math.max(0, Math.min(width - 1, Math.floor(x)))] ?? 0);
  let [visible, contrast] = [0, 255];
  quad.forEach((from, index) => {
    const to = quad[(index + 1) % 4] ?? from;
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    if (isOnBorder(middle) && (isOnBorder(from) || isOnBorder(to))) return;
    visible += 1;
    const differences: number[] = [];
    for (let step = 0.1; step <= 0.9; step += 0.05) {
      const point = { x: from.x + step * (to.x - from.x), y: from.y + step * (to.y - from.y) };
      const length = Math.hypot(point.x - centre.x, point.y - centre.y);
      const away = (pixels: number) => ({ x: point.x + ((point.x - centre.x) / length) * pixels, y: point.y + ((point.y - centre.y) / length) * pixels });
      differences.push(value(away(-4)) - value(away(4)));
    }
    differences.sort((a, b) => a - b);
    contrast = Math.min(contrast, (differences[Math.floor(differences.length / 2)] ?? 0));
  });
  return { visible, contrast };
}

/** Searches for a printed frame: four dark, thin, connected sides. */
function findBox(picture: Raster, maxArea: number): Quad | undefined {
  const light = luma(picture);
  const { width, height } = light;
  const mean = boxBlur(light, 14);
  const mask = newPlane(width, height);
  for (let index = 0; index < mask.data.length; index += 1) mask.data[index] = (light.data[index] ?? 0) < 0.86 * (mean.data[index] ?? 0) ? 1 : 0;
  const found = components(mask);
  let best: { quad: Quad; size: number } | undefined;
  for (const component of found.all) {
    const [across, down] = [component.right - component.left, component.bottom - component.top];
    if (across < 0.2 * width || down < 0.05 * height || component.left <= 2 || component.top <= 2 || component.right >= width - 3 || component.bottom >= height - 3) continue;
    // A frame's lines are thin, so its component covers only a small part of its bounding box.
    if (component.area > 0.25 * across * down) continue;
    const hull = convexHull(outline(found, component, width));
    const quad = enclosingQuad(hull);
    if (quad === undefined || !isUsable(quad) || angles(quad).some((angle) => angle < 60 || angle > 120)) continue;
    const size = area(quad);
    if (size < 0.03 * width * height || size > maxArea || area(hull) < 0.9 * size) continue;
    if (!isBoxDrawn(mask, quad) || (best !== undefined && best.size >= size)) continue;
    best = { quad, size };
  }
  return best?.quad;
}

/** Returns whether at least 85% of each side is near a dark pixel, and most of the inside is bright. */
function isBoxDrawn({ width, height, data }: Plane, quad: Quad): boolean {
  const isDark = (x: number, y: number) => {
    for (let dy = -2; dy <= 2; dy += 1) for (let dx = -2; dx <= 2; dx += 1) if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height && (data[(y + dy) * width + x + dx] ?? 0) !== 0) return true;
    return false;
  };
  const covered = (ring: Quad, side: number) => {
    const [from, to] = [ring[side] as Point, ring[(side + 1) % 4] as Point];
    let count = 0;
    for (let step = 0; step <= 100; step += 1) if (isDark(Math.round(from.x + ((to.x - from.x) * step) / 100), Math.round(from.y + ((to.y - from.y) * step) / 100))) count += 1;
    return count / 101;
  };
  const line = inset(quad, 0.003);
  if ([0, 1, 2, 3].some((side) => covered(line, side) < 0.85)) return false;
  const ink = inset(quad, 0.08);
  const lens = perspective(ink);
  let dark = 0;
  for (let v = 0; v <= 60; v += 1) for (let u = 0; u <= 120; u += 1) {
    const { x, y } = project(lens, u / 120, v / 60);
    dark += (data[Math.round(y) * width + Math.round(x)] ?? 0);
  }
  const share = dark / (61 * 121);
  return share < 0.35;
}
