import { expect, test } from "vitest";

import { isAfm, isEmail, isGreekMobile, stripWhitespace } from "./rules";

test("an AFM with a wrong check digit or length is rejected", () => {
  for (const afm of ["068933130", "461352419", "497775600", "409730604"]) expect(isAfm(afm), afm).toBe(true);
  for (const afm of ["068933131", "168933130", "000000000", "68933130", "0689331300", "06893313a", ""]) expect(isAfm(afm), afm).toBe(false);
  expect(isAfm(stripWhitespace(" 068 933 130 "))).toBe(true);
});

test("only one last digit makes an AFM valid", () => {
  expect(Array.from({ length: 10 }, (_, digit) => `06893313${digit}`).filter(isAfm)).toEqual(["068933130"]);
});

test("Greek mobile numbers are accepted in all common notations", () => {
  for (const good of ["6912345678", "+306912345678", "00306912345678", "+30 691 234 5678", "691-234-5678", "(+30) 691.234.5678"]) expect(isGreekMobile(good), good).toBe(true);
  for (const bad of ["2101234567", "691234567", "69123456789", "+446912345678", "306912345678", "6912345a78", ""]) expect(isGreekMobile(bad), bad).toBe(false);
});

test("common email addresses are accepted and others are rejected", () => {
  for (const good of ["name@example.gr", " name@example.gr ", "n.a+me@sub.example.gr", "o'neil@example.co"]) expect(isEmail(good), good).toBe(true);
  for (const bad of ["name", "@example.gr", "name@example", "na me@example.gr", "a..b@example.gr", "name@-example.gr", "name@example.1", "name@example.g", `${"a".repeat(65)}@example.gr`, "όνομα@example.gr"]) {
    expect(isEmail(bad), bad).toBe(false);
  }
});
