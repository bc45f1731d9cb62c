/* The geometry of cropping. */
import { PHOTO_PIXELS_MAX, type Frame, type Size } from "./profiles";

/**
 * The part of the source that becomes the picture: its centre and width in the source's pixels. The height follows from the frame's
 * proportion. The source is rotated clockwise under the frame by `quarter` times 90 degrees plus `tilt` degrees.
 */
export type Crop = { readonly x: number; readonly y: number; readonly width: number; readonly quarter: 0 | 1 | 2 | 3; readonly tilt: number };

/** The largest tilt, in degrees. Together with quarter turns it permits every rotation. */
export const TILT_MAX = 45;

const heightPerWidth = ({ proportion }: Frame) => proportion.height / proportion.width;

/** Returns the height of the crop in pixels of the source. */
export function heightOf(frame: Frame, crop: Crop): number {
  return crop.width * heightPerWidth(frame);
}

/** Returns the rotation of the source under the frame, in radians, clockwise. */
export function angleOf({ quarter, tilt }: Pick<Crop, "quarter" | "tilt">): number {
  return ((quarter * 90 + tilt) * Math.PI) / 180;
}

/** Returns half the size of the rotated crop's bounding box along the source's axes. */
function halfExtent(frame: Frame, crop: Crop): Size {
  const [sin, cos] = [Math.abs(Math.sin(angleOf(crop))), Math.abs(Math.cos(angleOf(crop)))];
  const [across, up] = [crop.width / 2, heightOf(frame, crop) / 2];
  return { width: across * cos + up * sin, height: across * sin + up * cos };
}

/** Returns the width of the largest crop that lies completely within the source. */
export function maxWidth(frame: Frame, source: Size, rotation: Pick<Crop, "quarter" | "tilt">): number {
  const one = halfExtent(frame, { ...rotation, x: 0, y: 0, width: 1 });
  return Math.min(source.width / 2 / one.width, source.height / 2 / one.height);
}

/**
 * Returns the width of the smallest crop with the required number of pixels. If the source has too few pixels, returns the width of the
 * largest possible crop.
 */
export function minWidth(frame: Frame, source: Size, rotation: Pick<Crop, "quarter" | "tilt">): number {
  return Math.min(requiredWidth(frame), maxWidth(frame, source, rotation));
}

/** Returns the width of a crop with exactly the required number of pixels. */
export const requiredWidth = (frame: Frame) => Math.max(frame.minSize.width, frame.minSize.height / heightPerWidth(frame));

/**
 * Returns whether the crop has the required number of pixels. A crop with fewer pixels is not accepted, because upscaling it would not add
 * any detail.
 */
export function hasEnoughPixels(frame: Frame, crop: Crop): boolean {
  return crop.width + 1e-6 >= requiredWidth(frame);
}

/** Returns the crop with its tilt and size limited to the allowed values, and moved so that it lies within the source. */
export function clampToSource(frame: Frame, source: Size, crop: Crop): Crop {
  const tilt = clamp(crop.tilt, -TILT_MAX, TILT_MAX);
  const rotation = { quarter: crop.quarter, tilt };
  const width = clamp(crop.width, minWidth(frame, source, rotation), maxWidth(frame, source, rotation));
  const { width: halfWidth, height: halfHeight } = halfExtent(frame, { ...crop, ...rotation, width });
  return { x: clamp(crop.x, halfWidth, source.width - halfWidth), y: clamp(crop.y, halfHeight, source.height - halfHeight), width, ...rotation };
}

/** Returns the largest centred crop. */
export function fullFrame(frame: Frame, source: Size): Crop {
  const upright = { quarter: 0, tilt: 0 } as const;
  return { x: source.width / 2, y: source.height / 2, width: maxWidth(frame, source, upright), ...upright };
}

/** Moves the source under the frame. The distances are fractions of the frame's width. Positive values move the source right and down. */
export function pan(frame: Frame, source: Size, crop: Crop, across: number, down: number): Crop {
  const angle = angleOf(crop);
  const [dx, dy] = [across * crop.width, down * crop.width];
  return clampToSource(frame, source, {
    ...crop,
    x: crop.x - (dx * Math.cos(angle) + dy * Math.sin(angle)),
    y: crop.y - (-dx * Math.sin(angle) + dy * Math.cos(angle)),
  });
}

/** Enlarges the source by `factor` around a point. The point is relative to the frame's centre, in units of the frame's width. */
export function zoom(frame: Frame, source: Size, crop: Crop, factor: number, about: { x: number; y: number } = { x: 0, y: 0 }): Crop {
  const enlarged = clampToSource(frame, source, { ...crop, width: crop.width / factor });
  const shift = crop.width / enlarged.width - 1;
  return pan(frame, source, enlarged, -about.x * shift, -about.y * shift);
}

/**
 * Rotates the source by a quarter turn around the centre of the crop, to the right or to the left. If the crop had the largest possible
 * size before, it has the largest possible size afterwards.
 */
export function rotate(frame: Frame, source: Size, crop: Crop, by: 1 | -1): Crop {
  const quarter = ((crop.quarter + by + 4) % 4) as Crop["quarter"];
  return clampToSource(frame, source, { ...crop, quarter, width: isFullFrame(frame, source, crop) ? Infinity : crop.width });
}

/** Sets the tilt. If the crop had the largest possible size before, it has the largest possible size afterwards. */
export function straighten(frame: Frame, source: Size, crop: Crop, tilt: number): Crop {
  return clampToSource(frame, source, { ...crop, tilt, width: isFullFrame(frame, source, crop) ? Infinity : crop.width });
}

const isFullFrame = (frame: Frame, source: Size, crop: Crop) => crop.width >= maxWidth(frame, source, crop) - 0.5;

/**
 * Returns the size of the picture: the size of the crop, scaled by `scale`, which is at most 1, and limited to `PHOTO_PIXELS_MAX` pixels.
 * The size is a whole multiple of the proportion, so that the proportion is exact.
 */
export function outputSize(frame: Frame, crop: Crop, scale = 1): Size {
  const { width, height } = frame.proportion;
  const maxUnits = Math.sqrt(PHOTO_PIXELS_MAX / (width * height));
  const units = Math.max(1, Math.floor(Math.min((crop.width * scale) / width + 1e-6, maxUnits)));
  return { width: units * width, height: units * height };
}

/** Returns the smallest scale at which the picture still has the required number of pixels. */
export function minScale(frame: Frame, crop: Crop): number {
  return Math.min(1, requiredWidth(frame) / crop.width);
}

/**
 * Returns the transformation from the source's pixels to the picture's pixels, as arguments of setTransform. `scale` is the number of
 * picture pixels per source pixel. `at` is the position of the frame's centre in the picture.
 */
export function transform(crop: Crop, scale: number, at: { x: number; y: number }): [number, number, number, number, number, number] {
  const [sin, cos] = [scale * Math.sin(angleOf(crop)), scale * Math.cos(angleOf(crop))];
  return [cos, sin, -sin, cos, at.x - (crop.x * cos - crop.y * sin), at.y - (crop.x * sin + crop.y * cos)];
}

export function equals(a: Crop, b: Crop): boolean {
  const near = (a: number, b: number) => Math.abs(a - b) < 0.01;
  return near(a.x, b.x) && near(a.y, b.y) && near(a.width, b.width) && a.quarter === b.quarter && near(a.tilt, b.tilt);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
