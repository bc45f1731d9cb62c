/* Strokes that a person draws by hand: their points, their smoothing, and their position in the picture. All functions are pure. */

/** A point of a stroke, and the width of the line at this point, in units of the drawing. The origin is the centre of the drawing area. */
export type InkPoint = { readonly x: number; readonly y: number; readonly width: number };
export type Stroke = readonly InkPoint[];
/** A position of a pointer. `pressure` is undefined for pointers that do not measure pressure. `time` is in milliseconds. */
export type Sample = { readonly x: number; readonly y: number; readonly pressure: number | undefined; readonly time: number };
export type Segment = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number; readonly width: number };
export type Bounds = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/**
 * Width of a line at usual pressure and speed, in units of the drawing. A unit is a CSS pixel unless the drawing is scaled down
 * (`scaleFor`).
 */
const LINE_WIDTH = 2.6;
/**
 * With each sample, the end of the line moves this fraction of the distance to the pointer. A fraction below 1 smooths the trembling of the
 * hand and the screen.
 */
const FOLLOW = 0.55;
const WIDTH_FOLLOW = 0.25;
/** Speed at which a line drawn without pressure data is thinnest, in units per millisecond. */
const FAST = 2.5;

/** Returns the stroke with one more sample. */
export function extend(stroke: Stroke, sample: Sample, previous: Sample | undefined): Stroke {
  const last = stroke.at(-1);
  if (last === undefined || previous === undefined) return [{ x: sample.x, y: sample.y, width: lineWidth(sample, undefined) }];
  const point = {
    x: last.x + FOLLOW * (sample.x - last.x),
    y: last.y + FOLLOW * (sample.y - last.y),
    width: last.width + WIDTH_FOLLOW * (lineWidth(sample, previous) - last.width),
  };
  return Math.hypot(point.x - last.x, point.y - last.y) < 0.2 ? stroke : [...stroke, point];
}

/** Returns the stroke with the pointer's last position at its end. Because of the smoothing, the line had not reached this position. */
export function finish(stroke: Stroke, { x, y }: Pick<Sample, "x" | "y">): Stroke {
  const last = stroke.at(-1);
  return last === undefined || stroke.length === 1 || Math.hypot(x - last.x, y - last.y) < 0.2 ? stroke : [...stroke, { x, y, width: last.width * 0.8 }];
}

function lineWidth({ x, y, pressure, time }: Sample, previous: Sample | undefined): number {
  if (pressure !== undefined) return LINE_WIDTH * (0.4 + 1.2 * pressure);
  if (previous === undefined) return LINE_WIDTH;
  const speed = Math.hypot(x - previous.x, y - previous.y) / Math.max(1, time - previous.time);
  return LINE_WIDTH * (1.25 - 0.65 * Math.min(1, speed / FAST));
}

/** Returns short straight pieces of a smooth curve through the midpoints between consecutive points. A stroke of one point is a dot. */
export function segments(stroke: Stroke): Segment[] {
  const [first] = stroke;
  if (first === undefined) return [];
  if (stroke.length === 1) return [{ x0: first.x, y0: first.y, x1: first.x, y1: first.y, width: first.width * 1.4 }];
  const pieces: Segment[] = [];
  let [x0, y0] = [first.x, first.y];
  const lineTo = (x1: number, y1: number, width: number) => {
    pieces.push({ x0, y0, x1, y1, width });
    [x0, y0] = [x1, y1];
  };
  stroke.forEach((point, index) => {
    const next = stroke[index + 1];
    if (index === 0 || next === undefined) return lineTo(point.x, point.y, point.width);
    const [fromX, fromY, toX, toY] = [x0, y0, (point.x + next.x) / 2, (point.y + next.y) / 2];
    const steps = Math.max(1, Math.ceil(Math.hypot(toX - fromX, toY - fromY) / 1.5));
    for (let step = 1; step <= steps; step += 1) {
      const t = step / steps;
      lineTo((1 - t) ** 2 * fromX + 2 * t * (1 - t) * point.x + t * t * toX, (1 - t) ** 2 * fromY + 2 * t * (1 - t) * point.y + t * t * toY, point.width + (t / 2) * (next.width - point.width));
    }
  });
  return pieces;
}

export function boundsOf(strokes: readonly Stroke[]): Bounds | undefined {
  const points = strokes.flat();
  if (points.length === 0) return undefined;
  const of = (pick: (...values: number[]) => number, value: (point: InkPoint) => number) => points.reduce((best, point) => pick(best, value(point)), value(points[0] as InkPoint));
  return {
    left: of(Math.min, ({ x, width }) => x - width / 2),
    top: of(Math.min, ({ y, width }) => y - width / 2),
    right: of(Math.max, ({ x, width }) => x + width / 2),
    bottom: of(Math.max, ({ y, width }) => y + width / 2),
  };
}

/**
 * Returns the CSS pixels per unit of the drawing. Below 1 if the drawing would not fit into the area, for example after the device was
 * turned.
 */
export function scaleFor(strokes: readonly Stroke[], size: { readonly width: number; readonly height: number }): number {
  const bounds = boundsOf(strokes);
  if (bounds === undefined) return 1;
  const reach = { x: Math.max(-bounds.left, bounds.right, 1), y: Math.max(-bounds.top, bounds.bottom, 1) };
  return Math.min(1, (0.48 * size.width) / reach.x, (0.48 * size.height) / reach.y);
}

/** Largest fractions of the picture's width and height that the signature may fill. */
const FILL = { width: 0.86, height: 0.76 };
/** Smallest width of the frame, in units of the drawing, so that a dot is not enlarged to the size of the picture. */
const FRAME_MIN = 150;
/** Minimum length of all strokes together, in units of the drawing. Below it, the drawing is not a signature. */
const LENGTH_MIN = 60;

export function isSigned(strokes: readonly Stroke[]): boolean {
  return strokes.reduce((sum, stroke) => sum + segments(stroke).reduce((length, { x0, y0, x1, y1 }) => length + Math.hypot(x1 - x0, y1 - y0), 0), 0) >= LENGTH_MIN;
}

/** Returns the 3:1 frame around the whole drawing, with a margin. */
export function frameAround(strokes: readonly Stroke[]): { left: number; top: number; width: number; height: number } {
  const { left, top, right, bottom } = boundsOf(strokes) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  const width = Math.max(FRAME_MIN, (right - left) / FILL.width, (3 * (bottom - top)) / FILL.height);
  return { left: (left + right - width) / 2, top: (top + bottom - width / 3) / 2, width, height: width / 3 };
}

type Pointer = { readonly id: number; readonly type: string };

/**
 * Decides which pointer draws. Only one pointer draws at a time. If a pen touches the screen during a stroke that a touch has begun, the
 * touch was the palm, so its stroke is removed. Once a pen was used, touches are ignored.
 */
export class PointerChoice {
  private drawing: Pointer | undefined;
  private penSeen = false;

  /** Returns whether the pointer starts a stroke, and whether the stroke in progress must be removed. */
  down(pointer: Pointer): { starts: boolean; removesCurrent: boolean } {
    if (pointer.type === "pen") this.penSeen = true;
    const current = this.drawing;
    const isPalm = pointer.type === "touch" && this.penSeen;
    const replaces = pointer.type === "pen" && current?.type === "touch";
    if (isPalm || (current !== undefined && !replaces)) return { starts: false, removesCurrent: false };
    this.drawing = pointer;
    return { starts: true, removesCurrent: replaces };
  }

  draws(id: number): boolean {
    return this.drawing?.id === id;
  }

  /** Returns whether this pointer was drawing. */
  up(id: number): boolean {
    const drew = this.draws(id);
    if (drew) this.drawing = undefined;
    return drew;
  }
}
