/* Where a head is drawn as a help, from the limits that the check holds it to. */
import type { HeadLimits, Range } from "./profiles";

/** Of a head: the eyes lie halfway between chin and crown, and it is this much as wide as it is tall. */
const EYE_POSITION = 0.5;
const HEAD_ASPECT = 0.74;

const midpoint = ({ min, max }: Range) => (min + max) / 2;

/** All in parts of the picture's height, from above. The head is that in the middle of what is allowed; its chin lies in a zone, as heads may be smaller and larger. */
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
