/*
 * Requirements for pictures, the same as in the service (shared/domain/src/photo.rs, picture_report.rs). A test compares the numbers. The
 * service checks the pictures again, and its result decides.
 */
import type { Schemas } from "../../../api/client";

export type Profile = Schemas["UploadRequest"]["profile"];
export type Kind = "face" | "signature";

export const PROFILES: readonly Profile[] = ["standard", "identity_card"];
export const KINDS: readonly Kind[] = ["face", "signature"];

export const PHOTO_BYTES_MAX = 3_000_000;
export const PHOTO_PIXELS_MAX = 50_000_000;
/** Tolerance of the proportion, in thousandths. */
export const PROPORTION_TOLERANCE = 10;

export type Size = { readonly width: number; readonly height: number };
/** Minimum size in pixels, and the proportion width : height. */
export type Frame = { readonly minSize: Size; readonly proportion: Size };
export type Range = { readonly min: number; readonly max: number };
/** Limits of the head's height and of the eyes' position, relative to the picture's height. */
export type HeadLimits = { readonly headHeight: Range; readonly eyeLine: Range };

const SIGNATURE_FRAME: Frame = { minSize: { width: 1200, height: 400 }, proportion: { width: 3, height: 1 } };

const FACE_FRAMES: Readonly<Record<Profile, Frame>> = {
  standard: { minSize: { width: 800, height: 1200 }, proportion: { width: 2, height: 3 } },
  identity_card: { minSize: { width: 1280, height: 1600 }, proportion: { width: 4, height: 5 } },
};

export const HEAD_LIMITS: Readonly<Record<Profile, HeadLimits>> = {
  standard: { headHeight: { min: 0.46, max: 0.64 }, eyeLine: { min: 0.33, max: 0.52 } },
  identity_card: { headHeight: { min: 0.54, max: 0.9 }, eyeLine: { min: 0.28, max: 0.52 } },
};

/** Limits of the horizontal middle of the face, relative to the picture's width. They are the same for all profiles. */
export const FACE_CENTRE: Range = { min: 0.43, max: 0.57 };

export function frameOf(profile: Profile, kind: Kind): Frame {
  return kind === "signature" ? SIGNATURE_FRAME : FACE_FRAMES[profile];
}

/** Returns whether a size has the frame's proportion. Uses only integers, so that the page and the service decide alike. */
export function hasProportion({ proportion }: Frame, { width, height }: Size): boolean {
  const expected = height * proportion.width;
  return Math.abs(width * proportion.height - expected) * 1000 <= expected * PROPORTION_TOLERANCE;
}

export function isLargeEnough({ minSize }: Frame, { width, height }: Size): boolean {
  return width >= minSize.width && height >= minSize.height;
}
