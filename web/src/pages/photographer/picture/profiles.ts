/* What a picture must be. The service holds the same numbers (shared/domain/src/photo.rs, picture_report.rs), decides by them and tells them; a test looks that these agree. */
import type { Schemas } from "../../../api/client";

export type Profile = Schemas["UploadRequest"]["profile"];
export type Kind = "face" | "signature";

export const PROFILES: readonly Profile[] = ["standard", "identity_card"];
export const KINDS: readonly Kind[] = ["face", "signature"];

export const MAX_BYTES = 3_000_000;
export const MAX_PIXELS = 50_000_000;
/** How far the proportion may be off, in thousandths. */
export const PROPORTION_TOLERANCE = 10;

export type Size = { readonly width: number; readonly height: number };
/** Least size, and the proportion width : height. */
export type Frame = { readonly least: Size; readonly proportion: Size };
export type Range = { readonly least: number; readonly most: number };
/** Where the head belongs: parts of the picture's height. */
export type HeadLimits = { readonly headHeight: Range; readonly eyeLine: Range };

const SIGNATURE: Frame = { least: { width: 1200, height: 400 }, proportion: { width: 3, height: 1 } };

const FACES: Readonly<Record<Profile, Frame>> = {
  standard: { least: { width: 800, height: 1200 }, proportion: { width: 2, height: 3 } },
  identity_card: { least: { width: 1280, height: 1600 }, proportion: { width: 4, height: 5 } },
};

export const HEADS: Readonly<Record<Profile, HeadLimits>> = {
  standard: { headHeight: { least: 0.46, most: 0.64 }, eyeLine: { least: 0.33, most: 0.52 } },
  identity_card: { headHeight: { least: 0.54, most: 0.9 }, eyeLine: { least: 0.28, most: 0.52 } },
};

export function frameOf(profile: Profile, kind: Kind): Frame {
  return kind === "signature" ? SIGNATURE : FACES[profile];
}

/** In whole numbers, as the service decides it. */
export function hasProportion({ proportion }: Frame, { width, height }: Size): boolean {
  const expected = height * proportion.width;
  return Math.abs(width * proportion.height - expected) * 1000 <= expected * PROPORTION_TOLERANCE;
}

export function isLargeEnough({ least }: Frame, { width, height }: Size): boolean {
  return width >= least.width && height >= least.height;
}
