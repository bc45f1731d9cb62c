/* The geometry of cropping: which part of the source, turned by how much, becomes the picture. */
import { PHOTO_PIXELS_MAX, type Frame, type Size } from "./profiles";

/**
 * Of the source's pixels: the middle of the part that is taken and its width; its height follows from the proportion. `quarter` turns of 90
 * degrees clockwise, and `tilt` degrees more, are how the source is turned under the frame.
 */
export type Crop = { readonly x: number; readonly y: number; readonly width: number; readonly quarter: 0 | 1 | 2 | 3; readonly tilt: number };

export const TILT_MAX = 15;

const heightPerWidth = ({ proportion }: Frame) => proportion.height / proportion.width;

/** How the source is turned under the frame, in radians, clockwise. */
export function angleOf({ quarter, tilt }: Pick<Crop, "quarter" | "tilt">): number {
  return ((quarter * 90 + tilt) * Math.PI) / 180;
}

/** Half of what a turned part takes up along the source's own axes. */
function halfExtent(frame: Frame, crop: Crop): Size {
  const [sin, cos] = [Math.abs(Math.sin(angleOf(crop))), Math.abs(Math.cos(angleOf(crop)))];
  const [across, up] = [crop.width / 2, (crop.width * heightPerWidth(frame)) / 2];
  return { width: across * cos + up * sin, height: across * sin + up * cos };
}

/** The widest part that lies wholly in the source: nothing is invented beyond its edges. */
export function maxWidth(frame: Frame, source: Size, rotation: Pick<Crop, "quarter" | "tilt">): number {
  const one = halfExtent(frame, { ...rotation, x: 0, y: 0, width: 1 });
  return Math.min(source.width / 2 / one.width, source.height / 2 / one.height);
}

/** The narrowest part that has the pixels asked for; where the source has fewer, all that it has. */
export function minWidth(frame: Frame, source: Size, rotation: Pick<Crop, "quarter" | "tilt">): number {
  return Math.min(requiredWidth(frame), maxWidth(frame, source, rotation));
}

const requiredWidth = (frame: Frame) => Math.max(frame.minSize.width, frame.minSize.height / heightPerWidth(frame));

/** Whether the part has the pixels that the picture needs. Drawn larger they would only seem to be there. */
export function hasEnoughPixels(frame: Frame, crop: Crop): boolean {
  return crop.width + 1e-6 >= requiredWidth(frame);
}

/** The same crop, put back into the source. */
export function clampToSource(frame: Frame, source: Size, crop: Crop): Crop {
  const tilt = clamp(crop.tilt, -TILT_MAX, TILT_MAX);
  const rotation = { quarter: crop.quarter, tilt };
  const width = clamp(crop.width, minWidth(frame, source, rotation), maxWidth(frame, source, rotation));
  const { width: halfWidth, height: halfHeight } = halfExtent(frame, { ...crop, ...rotation, width });
  return { x: clamp(crop.x, halfWidth, source.width - halfWidth), y: clamp(crop.y, halfHeight, source.height - halfHeight), width, ...rotation };
}

/** As much of the middle as there is. */
export function fullFrame(frame: Frame, source: Size): Crop {
  const upright = { quarter: 0, tilt: 0 } as const;
  return { x: source.width / 2, y: source.height / 2, width: maxWidth(frame, source, upright), ...upright };
}

/** Moves the source under the frame by parts of the frame's width: to the right and down is positive. */
export function pan(frame: Frame, source: Size, crop: Crop, across: number, down: number): Crop {
  const angle = angleOf(crop);
  const [dx, dy] = [across * crop.width, down * crop.width];
  return clampToSource(frame, source, {
    ...crop,
    x: crop.x - (dx * Math.cos(angle) + dy * Math.sin(angle)),
    y: crop.y - (-dx * Math.sin(angle) + dy * Math.cos(angle)),
  });
}

/** Larger by `factor`, about a point of the frame (parts of its width from its middle). */
export function zoom(frame: Frame, source: Size, crop: Crop, factor: number, about: { x: number; y: number } = { x: 0, y: 0 }): Crop {
  const enlarged = clampToSource(frame, source, { ...crop, width: crop.width / factor });
  const shift = crop.width / enlarged.width - 1;
  return pan(frame, source, enlarged, -about.x * shift, -about.y * shift);
}

/** A quarter turn to the right or to the left, about the middle of what is shown. */
export function rotate(frame: Frame, source: Size, crop: Crop, by: 1 | -1): Crop {
  const quarter = ((crop.quarter + by + 4) % 4) as Crop["quarter"];
  return clampToSource(frame, source, { ...crop, quarter, width: isFullFrame(frame, source, crop) ? Infinity : crop.width });
}

/** Straightened. What showed all that there was goes on to show all that there is. */
export function straighten(frame: Frame, source: Size, crop: Crop, tilt: number): Crop {
  return clampToSource(frame, source, { ...crop, tilt, width: isFullFrame(frame, source, crop) ? Infinity : crop.width });
}

const isFullFrame = (frame: Frame, source: Size, crop: Crop) => crop.width >= maxWidth(frame, source, crop) - 0.5;

/** Size of the picture: the source's own pixels, in whole multiples of the proportion, so that it holds exactly. `shrunk` is at most 1. */
export function outputSize(frame: Frame, crop: Crop, scale = 1): Size {
  const { width, height } = frame.proportion;
  const maxUnits = Math.sqrt(PHOTO_PIXELS_MAX / (width * height));
  const units = Math.max(1, Math.floor(Math.min((crop.width * scale) / width + 1e-6, maxUnits)));
  return { width: units * width, height: units * height };
}

/** The least that it may be shrunk to. */
export function minScale(frame: Frame, crop: Crop): number {
  return Math.min(1, requiredWidth(frame) / crop.width);
}

/**
 * From the source's pixels to the picture's, as setTransform takes it. `scale` is of the picture to the source, `at` where the middle of the
 * frame comes to lie.
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
