/* Where a head is drawn as a help, from the limits that the check holds it to. */
import type { HeadLimits, Range } from "./profiles";

/** Of a head: the eyes lie halfway between chin and crown, and it is this much as wide as it is tall. */
const EYES_AT = 0.5;
const WIDTH = 0.74;

const middleOf = ({ least, most }: Range) => (least + most) / 2;

/** All in parts of the picture's height, from above. The head is that in the middle of what is allowed; its chin lies in a zone, as heads may be smaller and larger. */
export function guides({ headHeight, eyeLine }: HeadLimits): { eyes: Range; chin: Range; head: { top: number; middle: number; tall: number; across: number } } {
  const tall = middleOf(headHeight);
  const eyes = middleOf(eyeLine);
  const top = Math.max(0, eyes - tall * EYES_AT);
  const chin = (height: number) => Math.min(1, eyes + height * (1 - EYES_AT));
  return {
    eyes: eyeLine,
    chin: { least: chin(headHeight.least), most: chin(headHeight.most) },
    head: { top, middle: top + tall / 2, tall, across: (tall * WIDTH) / 2 },
  };
}
