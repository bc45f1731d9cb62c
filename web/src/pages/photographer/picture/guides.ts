/* Computes the head guides from the limits of the picture check. */
import type { HeadLimits, Range } from "./profiles";

/** Height of the eyes above the chin, and width of a head. Both are fractions of the head's height. */
const EYE_POSITION = 0.5;
const HEAD_ASPECT = 0.74;

const midpoint = ({ min, max }: Range) => (min + max) / 2;

/**
 * Returns the guides as fractions of the picture's height, measured from its top. The height of the outlined head is the middle of the
 * allowed range. `chin` is a range, because a head may have any height in the allowed range.
 */
export function guides({ headHeight, eyeLine }: HeadLimits): { eyes: Range; chin: Range; head: { top: number; middle: number; height: number; halfWidth: number } } {
  const headHeight_ = midpoint(headHeight);
  const eyes = midpoint(eyeLine);
  const top = Math.max(0, eyes - headHeight_ * EYE_POSITION);
  const chin = (height: number) => Math.min(1, eyes + height * (1 - EYE_POSITION));
  return {
    eyes: eyeLine,
    chin: { min: chin(headHeight.min), max: chin(headHeight.max) },
    head: { top, middle: top + headHeight_ / 2, height: headHeight_, halfWidth: (headHeight_ * HEAD_ASPECT) / 2 },
  };
}
