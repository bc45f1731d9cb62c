import { expect, test } from "vitest";

import type { FaceLocation, Point, Side } from "../api_types";
import { clampToSource, fullFrame, outputSize, type Crop } from "./crop";
import { convertToFrame, cropOf, fitsUncropped, headIn, meetsLimits, place } from "./placement";
import { FACE_CENTRE, frameOf, HEAD_LIMITS, isLargeEnough, PROFILES, type Profile, type Range, type Size } from "./profiles";

const CAMERA: Size = { width: 4000, height: 6000 };
const middle = ({ min, max }: Range) => (min + max) / 2;

/**
 * Creates the service's response for a head of `head` pixels in height, with the eyes at the point `eyes`. The head is turned by `roll`
 * degrees.
 */
function located(source: Size, eyes: Point, head: number, roll = 0, outside: readonly Side[] = []): FaceLocation {
  const [sin, cos] = [Math.sin((roll * Math.PI) / 180), Math.cos((roll * Math.PI) / 180)];
  const at = (right: number, down: number) => ({ x: (eyes.x + right * cos - down * sin) / source.width, y: (eyes.y + right * sin + down * cos) / source.height });
  const crops = PROFILES.map((profile) => {
    const { headHeight, eyeLine } = HEAD_LIMITS[profile];
    const { proportion } = frameOf(profile, "face");
    const height = head / middle(headHeight);
    const width = (height * proportion.width) / proportion.height;
    return { profile, centre: at((0.5 - middle(FACE_CENTRE)) * width, (0.5 - middle(eyeLine)) * height), width: width / source.width, height: height / source.height, rotation: -roll, outside };
  });
  return { face: { left_eye: at(-0.15 * head, 0), right_eye: at(0.15 * head, 0), chin: at(0, head / 2), crown: at(0, -head / 2), roll }, crops };
}

const placed = (profile: Profile, source: Size, location: FaceLocation): Crop => place(frameOf(profile, "face"), profile, source, location)?.crop ?? fullFrame(frameOf(profile, "face"), source);
const head = (profile: Profile, source: Size, crop: Crop, location: FaceLocation) => {
  if (location.face === undefined) throw new Error("no face");
  return headIn(frameOf(profile, "face"), source, crop, location.face);
};

test("the head is in the middle of the limits, however the picture is turned", () => {
  for (const profile of PROFILES) {
    for (let roll = -179; roll <= 180; roll += 7) {
      const location = located(CAMERA, { x: 2000, y: 3000 }, 1300, roll);
      const position = head(profile, CAMERA, placed(profile, CAMERA, location), location);
      expect(position.height).toBeCloseTo(middle(HEAD_LIMITS[profile].headHeight), 3);
      expect(position.eyeLine).toBeCloseTo(middle(HEAD_LIMITS[profile].eyeLine), 3);
      expect(position.centre).toBeCloseTo(0.5, 3);
    }
  }
});

test("a rotation becomes quarter turns and a tilt", () => {
  const turned = (rotation: number) => cropOf({ profile: "standard", centre: { x: 0.5, y: 0.5 }, width: 0.1, height: 0.1, rotation, outside: [] }, CAMERA);
  expect(turned(-92)).toMatchObject({ quarter: 3, tilt: -2 });
  expect(turned(175)).toMatchObject({ quarter: 2, tilt: -5 });
  expect(turned(44)).toMatchObject({ quarter: 0, tilt: 44 });
  expect(turned(3.14159)).toMatchObject({ quarter: 0, tilt: 3.1 });
});

test("near an edge, the crop lies in the picture and is the best that fits", () => {
  const frame = frameOf("standard", "face");
  const sides: readonly (readonly [Side, Point])[] = [["above", { x: 2000, y: 700 }], ["below", { x: 2000, y: 5000 }], ["left", { x: 600, y: 3000 }], ["right", { x: 3400, y: 3000 }]];
  for (const [side, eyes] of sides) {
    const location = located(CAMERA, eyes, 1100, 0, [side]);
    const placement = place(frame, "standard", CAMERA, location);
    expect(placement?.outside).toEqual([side]);
    const crop = placed("standard", CAMERA, location);
    expect(clampToSource(frame, CAMERA, crop)).toEqual(crop);
    // On this side there is too little room for the ideal crop, but enough for a crop in which the head meets the limits.
    expect(meetsLimits(HEAD_LIMITS.standard, head("standard", CAMERA, crop, location)), side).toBe(true);
  }
});

test("the crop keeps the required pixels when the head is small", () => {
  const location = located(CAMERA, { x: 2000, y: 3000 }, 300);
  for (const profile of PROFILES) {
    const frame = frameOf(profile, "face");
    const crop = placed(profile, CAMERA, location);
    expect(isLargeEnough(frame, outputSize(frame, crop))).toBe(true);
    expect(head(profile, CAMERA, crop, location).centre).toBeCloseTo(0.5, 3);
  }
});

test("without a crop for the document, nothing is placed", () => {
  expect(place(frameOf("standard", "face"), "standard", CAMERA, { crops: [] })).toBeUndefined();
});

test("a picture whose head already meets the limits can stay as it is", () => {
  const size = { width: 800, height: 1200 };
  const frame = frameOf("standard", "face");
  expect(fitsUncropped(frame, "standard", size, located(size, { x: 400, y: 500 }, 650))).toBe(true);
  expect(fitsUncropped(frame, "standard", size, located(size, { x: 400, y: 500 }, 650, 8))).toBe(false);
  expect(fitsUncropped(frame, "standard", size, located(size, { x: 400, y: 300 }, 650))).toBe(false);
  expect(fitsUncropped(frame, "standard", size, located(size, { x: 480, y: 500 }, 650))).toBe(false);
  expect(fitsUncropped(frame, "standard", size, located(size, { x: 400, y: 500 }, 400))).toBe(false);
  expect(fitsUncropped(frame, "standard", size, { crops: [] })).toBe(false);
});

test("a corrected crop keeps its centre, rotation and height for another document", () => {
  const crop: Crop = { x: 2000, y: 3000, width: 1200, quarter: 1, tilt: 4 };
  const converted = convertToFrame(frameOf("standard", "face"), frameOf("identity_card", "face"), CAMERA, crop);
  expect(converted).toMatchObject({ x: 2000, y: 3000, quarter: 1, tilt: 4 });
  expect(converted.width).toBeCloseTo(1440);
});
