/* Places the frame on a face that the service has located. */
import type { Face, FaceCrop, FaceLocation, Point, Side } from "../api_types";
import { angleOf, clampToSource, equals, fullFrame, heightOf, requiredWidth, type Crop } from "./crop";
import { FACE_CENTRE, HEAD_LIMITS, type Frame, type HeadLimits, type Profile, type Range, type Size } from "./profiles";

/** The placed frame. `outside` lists the sides on which the picture has too little room around the head. */
export type Placement = { readonly crop: Crop; readonly outside: readonly Side[] };

/**
 * Position of a head in a cropped picture. Height and eye line are fractions of the picture's height. The centre is a fraction of its
 * width.
 */
export type HeadPosition = { readonly height: number; readonly eyeLine: number; readonly centre: number };

/** `nearestInside` tries smaller and smaller frames. Each frame is this fraction of the size of the previous one. */
const SIZE_STEP = 0.99;

/**
 * Returns the crop for a profile in a picture of the size `source`. If the service's crop extends beyond the picture, returns the crop
 * inside the picture that places the head nearest to the middle of the limits. Returns undefined if the service has returned no crop for
 * the profile.
 */
export function place(frame: Frame, profile: Profile, source: Size, location: FaceLocation): Placement | undefined {
  const wanted = location.crops.find((crop) => crop.profile === profile);
  if (wanted === undefined) return undefined;
  const ideal = cropOf(wanted, source);
  const { face } = location;
  return { crop: face === undefined ? clampToSource(frame, source, ideal) : nearestInside(frame, HEAD_LIMITS[profile], source, ideal, face), outside: wanted.outside };
}

/** Converts the service's crop to a `Crop`. Splits its rotation, which may be any angle, into quarter turns and a tilt. */
export function cropOf({ centre, width, rotation }: FaceCrop, source: Size): Crop {
  const quarters = Math.round(rotation / 90);
  const quarter = (((quarters % 4) + 4) % 4) as Crop["quarter"];
  return { x: centre.x * source.width, y: centre.y * source.height, width: width * source.width, quarter, tilt: Math.round((rotation - 90 * quarters) * 10) / 10 };
}

function nearestInside(frame: Frame, limits: HeadLimits, source: Size, ideal: Crop, face: Face): Crop {
  let best = clampToSource(frame, source, ideal);
  let leastDeviation = deviation(limits, headIn(frame, source, best, face));
  // A smaller frame needs less room. It shrinks towards the point between the eyes, so that the eyes keep their position in the frame.
  const eyes = { x: ((face.left_eye.x + face.right_eye.x) / 2) * source.width, y: ((face.left_eye.y + face.right_eye.y) / 2) * source.height };
  for (let scale = SIZE_STEP; ideal.width * scale >= requiredWidth(frame); scale *= SIZE_STEP) {
    const smaller = { ...ideal, x: eyes.x + (ideal.x - eyes.x) * scale, y: eyes.y + (ideal.y - eyes.y) * scale, width: ideal.width * scale };
    const inside = clampToSource(frame, source, smaller);
    const head = headIn(frame, source, inside, face);
    if (head.height > limits.headHeight.max) break;
    const deviates = deviation(limits, head);
    if (deviates < leastDeviation) [best, leastDeviation] = [inside, deviates];
  }
  return best;
}

/** Returns the position of the head in the cropped picture. */
export function headIn(frame: Frame, source: Size, crop: Crop, face: Face): HeadPosition {
  const [sin, cos] = [Math.sin(angleOf(crop)), Math.cos(angleOf(crop))];
  const height = heightOf(frame, crop);
  const at = (point: Point) => {
    const [dx, dy] = [point.x * source.width - crop.x, point.y * source.height - crop.y];
    return { x: 0.5 + (dx * cos - dy * sin) / crop.width, y: 0.5 + (dx * sin + dy * cos) / height };
  };
  const [left, right, chin, crown] = [at(face.left_eye), at(face.right_eye), at(face.chin), at(face.crown)];
  return { height: chin.y - crown.y, eyeLine: (left.y + right.y) / 2, centre: (left.x + right.x) / 2 };
}

/** Returns whether the head meets the limits of the picture check. */
export function meetsLimits({ headHeight, eyeLine }: HeadLimits, head: HeadPosition): boolean {
  const isIn = ({ min, max }: Range, value: number) => value >= min && value <= max;
  return isIn(headHeight, head.height) && isIn(eyeLine, head.eyeLine) && isIn(FACE_CENTRE, head.centre);
}

/**
 * Returns how far the head is from the middles of the limits, as the sum of the squared distances. A distance of 1 means that the head is
 * at a limit.
 */
function deviation({ headHeight, eyeLine }: HeadLimits, head: HeadPosition): number {
  const distance = ({ min, max }: Range, value: number) => (2 * value - min - max) / (max - min);
  return distance(headHeight, head.height) ** 2 + distance(eyeLine, head.eyeLine) ** 2 + distance(FACE_CENTRE, head.centre) ** 2;
}

/**
 * Returns whether, without a crop, the head meets the limits and does not look tilted. Then a file that follows all rules can be sent
 * unchanged. With any crop, the file would have to be encoded again.
 */
export function fitsUncropped(frame: Frame, profile: Profile, source: Size, { face }: FaceLocation): boolean {
  return face !== undefined && Math.abs(face.roll) <= ROLL_MAX && meetsLimits(HEAD_LIMITS[profile], headIn(frame, source, fullFrame(frame, source), face));
}

/** Largest angle, in degrees, at which a head does not look tilted. */
const ROLL_MAX = 3;

/**
 * Returns the crop for a frame of another proportion. The rotation stays the same. The centre and the height stay the same too if the new
 * crop then fits into the source and has the required number of pixels.
 */
export function convertToFrame(from: Frame, to: Frame, source: Size, crop: Crop): Crop {
  return clampToSource(to, source, { ...crop, width: (heightOf(from, crop) * to.proportion.width) / to.proportion.height });
}

export const isAt = (placement: Placement | undefined, crop: Crop) => placement !== undefined && equals(placement.crop, crop);
