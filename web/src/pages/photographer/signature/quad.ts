/* Quadrilaterals, and the perspective that maps a rectangle to a quadrilateral. */

export type Point = { readonly x: number; readonly y: number };
/** The corners top left, top right, bottom right, bottom left. */
export type Quad = readonly [Point, Point, Point, Point];

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
const cross = (o: Point, a: Point, b: Point): number => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);

export function area(polygon: readonly Point[]): number {
  return Math.abs(polygon.reduce((sum, point, index) => {
    const next = polygon[(index + 1) % polygon.length] ?? point;
    return sum + point.x * next.y - point.y * next.x;
  }, 0)) / 2;
}

export function fullQuad({ width, height }: { readonly width: number; readonly height: number }): Quad {
  return [{ x: 0, y: 0 }, { x: width, y: 0 }, { x: width, y: height }, { x: 0, y: height }];
}

export const mapQuad = ([a, b, c, d]: Quad, change: (point: Point) => Point): Quad => [change(a), change(b), change(c), change(d)];

/** Returns whether the corners form a convex quadrilateral, in clockwise order on a screen, with an area that is large enough. */
export function isUsable(quad: Quad): boolean {
  const [a, b, c, d] = quad;
  return cross(a, b, c) > 0 && cross(b, c, d) > 0 && cross(c, d, a) > 0 && cross(d, a, b) > 0 && area(quad) > 100;
}

/** Returns the same quadrilateral with its corners in another order, so that the picture in it is rotated clockwise by a quarter turn. */
export const turnQuad = ([a, b, c, d]: Quad): Quad => [d, a, b, c];

/** Returns the size of a rectangle whose sides are the mean lengths of the quadrilateral's opposite sides. */
export function sizeOfQuad([a, b, c, d]: Quad): { width: number; height: number } {
  return { width: (distance(a, b) + distance(d, c)) / 2, height: (distance(a, d) + distance(b, c)) / 2 };
}

/** The eight numbers a to h of a perspective: x = (au + bv + c) / (gu + hv + 1), y = (du + ev + f) / (gu + hv + 1). */
export type Perspective = readonly [number, number, number, number, number, number, number, number];

/** Returns the perspective that maps the unit square to a quadrilateral (Heckbert 1989). */
export function perspective([p0, p1, p2, p3]: Quad): Perspective {
  const [dx1, dx2, sx] = [p1.x - p2.x, p3.x - p2.x, p0.x - p1.x + p2.x - p3.x];
  const [dy1, dy2, sy] = [p1.y - p2.y, p3.y - p2.y, p0.y - p1.y + p2.y - p3.y];
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / determinant;
  const h = (dx1 * sy - sx * dy1) / determinant;
  return [p1.x - p0.x + g * p1.x, p3.x - p0.x + h * p3.x, p0.x, p1.y - p0.y + g * p1.y, p3.y - p0.y + h * p3.y, p0.y, g, h];
}

export function project(lens: Perspective, u: number, v: number): Point {
  // Reads the numbers by index. Destructuring takes several times as long, and this function runs for each pixel.
  const w = lens[6] * u + lens[7] * v + 1;
  return { x: (lens[0] * u + lens[1] * v + lens[2]) / w, y: (lens[3] * u + lens[4] * v + lens[5]) / w };
}

/** Returns the convex hull in clockwise order on a screen (Andrew's monotone chain). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const chain = (source: readonly Point[]) => {
    const half: Point[] = [];
    for (const point of source) {
      for (;;) {
        const [before, last] = [half.at(-2), half.at(-1)];
        if (before === undefined || last === undefined || cross(before, last, point) > 0) break;
        half.pop();
      }
      half.push(point);
    }
    half.pop();
    return half;
  };
  return sorted.length < 3 ? sorted : [...chain(sorted), ...chain(sorted.reverse())];
}

/** Returns the intersection of the lines a-b and c-d, if the lines meet beyond b and before c. */
function meet(a: Point, b: Point, c: Point, d: Point): Point | undefined {
  const determinant = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x);
  if (Math.abs(determinant) < 1e-9) return undefined;
  const t = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / determinant;
  const s = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / determinant;
  return t >= 1 && s <= 0 ? { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) } : undefined;
}

/**
 * Returns a small quadrilateral around a convex polygon. Removes edges and lengthens their neighbours until four edges remain. Each time,
 * removes the edge whose removal adds the least area. So rounded and folded corners do not disturb the long edges.
 */
export function enclosingQuad(hull: readonly Point[]): Quad | undefined {
  let polygon = [...hull];
  while (polygon.length > 4) {
    const count = polygon.length;
    const corner = (index: number) => polygon[(index + count) % count] as Point;
    let best: { index: number; point: Point; added: number } | undefined;
    for (let index = 0; index < count; index += 1) {
      const [b, c] = [corner(index), corner(index + 1)];
      const point = meet(corner(index - 1), b, c, corner(index + 2));
      if (point === undefined) continue;
      const added = area([b, point, c]);
      if (best === undefined || added < best.added) best = { index, point, added };
    }
    if (best === undefined) return undefined;
    const { index, point } = best;
    polygon = index === count - 1 ? [...polygon.slice(1, -1), point] : [...polygon.slice(0, index), point, ...polygon.slice(index + 2)];
  }
  const [a, b, c, d] = polygon;
  return a === undefined || b === undefined || c === undefined || d === undefined ? undefined : startTopLeft([a, b, c, d]);
}

/** Returns the corners in clockwise order, beginning with the corner nearest to the top left. */
function startTopLeft(quad: Quad): Quad {
  let turned = quad;
  let best = quad;
  for (let turn = 0; turn < 3; turn += 1) {
    turned = turnQuad(turned);
    if (turned[0].x + turned[0].y < best[0].x + best[0].y) best = turned;
  }
  return best;
}

/** Returns the angles at the corners, in degrees. */
export function angles(quad: Quad): number[] {
  return quad.map((corner, index) => {
    const [before, after] = [quad[(index + 3) % 4] ?? corner, quad[(index + 1) % 4] ?? corner];
    const cosine = ((before.x - corner.x) * (after.x - corner.x) + (before.y - corner.y) * (after.y - corner.y)) / (distance(before, corner) * distance(after, corner));
    return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
  });
}
