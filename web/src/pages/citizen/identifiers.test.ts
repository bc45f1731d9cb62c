import { expect, it } from "vitest";

import { digits, isAfm, isAmka, isElevenDigits } from "./identifiers";

it("spaces, dots and hyphens between digits are removed", () => {
  expect(digits(" 010 190-123.45 ")).toBe("01019012345");
});

it("an AFM ends with its check digit and is not all zeros", () => {
  expect(isAfm("068933130")).toBe(true);
  expect(isAfm("068 933 130")).toBe(true);
  expect(isAfm("068933131")).toBe(false);
  expect(isAfm("000000000")).toBe(false);
  expect(isAfm("68933130")).toBe(false);
});

it("an AMKA begins with a date and ends with a Luhn check digit", () => {
  expect(isAmka("01018012342")).toBe(true);
  expect(isAmka("01018012343")).toBe(false);
  expect(isAmka("32018012347")).toBe(false);
  expect(isAmka("01138012347")).toBe(false);
  expect(isAmka("0101801234")).toBe(false);
});

it("a PAAYPA has eleven digits and no check digit", () => {
  expect(isElevenDigits("99999999999")).toBe(true);
  expect(isElevenDigits("9999999999a")).toBe(false);
});
