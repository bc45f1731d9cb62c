import { expect, test } from "vitest";

import photo from "../../../../../shared/domain/src/photo.rs?raw";
import report from "../../../../../shared/domain/src/picture_report.rs?raw";
import { guides } from "./guides";
import { FACE_CENTRE, frameOf, HEAD_LIMITS, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, PROFILES, PROPORTION_TOLERANCE, type Profile } from "./profiles";

const numberOf = (name: string) => Number(new RegExp(`const ${name}: u64 = ([\\d_]+);`).exec(photo)?.[1]?.replaceAll("_", ""));

test("the limits of files equal those of the service", () => {
  expect([PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, PROPORTION_TOLERANCE]).toEqual(["PHOTO_BYTES_MAX", "PHOTO_PIXELS_MAX", "PROPORTION_TOLERANCE"].map(numberOf));
  const frames = [...photo.matchAll(/=> Frame \{ min_width: (\d+), min_height: (\d+), proportion: \((\d+), (\d+)\) \}/g)].map((match) => match.slice(1).map(Number));
  const ours = [frameOf("standard", "face"), frameOf("identity_card", "face"), frameOf("identity_card", "signature")];
  expect(frames).toEqual(ours.map(({ minSize, proportion }) => [minSize.width, minSize.height, proportion.width, proportion.height]));
});

test("the limits of the head equal those of the service", () => {
  const of = (name: string) => [...report.matchAll(new RegExp(`${name}: Limit::between\\(([\\d.]+), ([\\d.]+)\\)`, "g"))].map((match) => ({ min: Number(match[1]), max: Number(match[2]) }));
  const profiles: readonly Profile[] = ["standard", "identity_card"];
  expect(of("head_height")).toEqual(profiles.map((profile) => HEAD_LIMITS[profile].headHeight));
  const [, min, max] = /const FACE_CENTRE: Limit = Limit::between\(([\d.]+), ([\d.]+)\)/.exec(report) ?? [];
  expect(FACE_CENTRE).toEqual({ min: Number(min), max: Number(max) });
  expect(of("eye_line")).toEqual(profiles.map((profile) => HEAD_LIMITS[profile].eyeLine));
});

test("the head guides lie inside the picture and the chin band below the eye band", () => {
  for (const profile of PROFILES) {
    const { eyes, chin, head } = guides(HEAD_LIMITS[profile]);
    expect(head.top).toBeGreaterThanOrEqual(0);
    expect(head.middle).toBeGreaterThan(eyes.min);
    expect(head.top + head.height).toBeLessThanOrEqual(1);
    expect(chin.min).toBeGreaterThan(eyes.max);
    expect(chin.max).toBeLessThanOrEqual(1);
  }
});
