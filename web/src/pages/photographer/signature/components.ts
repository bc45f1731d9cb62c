/* Connected components of a mask, with eight neighbours per pixel. */
import { type Plane } from "./raster";

export type Component = { readonly label: number; area: number; left: number; top: number; right: number; bottom: number };
/**
 * `labels` contains, for each pixel, the label of its component (1 or higher), or 0 outside of the mask. In `all`, the coordinates `right`
 * and `bottom` are inclusive.
 */
export type Components = { readonly labels: Int32Array; readonly all: readonly Component[] };

/** Finds the connected components of the pixels that are not 0. */
export function components({ width, height, data }: Plane): Components {
  const labels = new Int32Array(width * height);
  const all: Component[] = [];
  const stack: number[] = [];
  for (let seed = 0; seed < data.length; seed += 1) {
    if ((data[seed] ?? 0) === 0 || (labels[seed] ?? 0) !== 0) continue;
    const component: Component = { label: all.length + 1, area: 0, left: width, top: height, right: 0, bottom: 0 };
    labels[seed] = component.label;
    stack.push(seed);
    for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
      const x = here % width;
      const y = (here - x) / width;
      component.area += 1;
      if (x < component.left) component.left = x;
      if (x > component.right) component.right = x;
      if (y < component.top) component.top = y;
      if (y > component.bottom) component.bottom = y;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
          const next = ny * width + nx;
          if ((data[next] ?? 0) === 0 || (labels[next] ?? 0) !== 0) continue;
          labels[next] = component.label;
          stack.push(next);
        }
      }
    }
    all.push(component);
  }
  return { labels, all };
}

/**
 * Returns the leftmost and the rightmost pixel of a component in each row. These pixels have the same convex hull as the whole component.
 */
export function outline({ labels }: Components, { label, left, top, right, bottom }: Component, width: number): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  for (let y = top; y <= bottom; y += 1) {
    let [first, last] = [-1, -1];
    for (let x = left; x <= right; x += 1) {
      if ((labels[y * width + x] ?? 0) !== label) continue;
      if (first < 0) first = x;
      last = x;
    }
    if (first >= 0) points.push({ x: first, y }, { x: first, y: y + 1 }, { x: last + 1, y }, { x: last + 1, y: y + 1 });
  }
  return points;
}
