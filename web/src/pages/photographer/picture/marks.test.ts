import { expect, test } from "vitest";

import type { Finding, Marks } from "../api_types";
import { marksOf } from "./marks";

const MARKS: Marks = {
  left_eye: { x: 0.4, y: 0.4 },
  right_eye: { x: 0.6, y: 0.42 },
  chin: { x: 0.5, y: 0.7 },
  crown: { x: 0.5, y: 0.15 },
  zones: [
    { rule: "background_brightness", points: [{ x: 0, y: 0 }, { x: 0.2, y: 0 }, { x: 0.2, y: 0.2 }] },
    { rule: "side_light_of_later", points: [{ x: 0.5, y: 0.5 }] },
  ],
};
const finding = (rule: Finding["rule"], ok: boolean): Finding => ({ rule, ok, severity: "warning" });

test("each line shows whether its rule is met, and each zone whether its own is", () => {
  const marks = marksOf(MARKS, [finding("head_height", true), finding("eye_line", false), finding("face_centre", true), finding("background_brightness", false)]);
  expect(Object.fromEntries(marks.map(({ key, isMet }) => [key, isMet]))).toEqual({ crown: true, eyes: false, chin: true, centre: true, "zone-0": false });
});

test("the eye line runs through both eyes, and the centre line between them", () => {
  const marks = marksOf(MARKS, [finding("eye_line", true), finding("face_centre", true)]);
  expect(marks.map(({ key }) => key)).toEqual(["eyes", "centre"]);
  const [eyes, centre] = marks;
  expect(eyes?.points.map(({ y }) => y)).toEqual([expect.closeTo(0.36), expect.closeTo(0.46)]);
  expect(centre?.points.map(({ x }) => x)).toEqual([0.5, 0.5]);
});

test("what was not measured is not drawn", () => {
  expect(marksOf(MARKS, [])).toEqual([]);
});
