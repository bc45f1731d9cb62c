import { expect, test } from "vitest";

import { readReference, referenceLength } from "./reference";

test.each([
  ["", ""],
  ["  \t \n", ""],
  ["\u200b\u202e\ufeff", ""],
  ["  A-17 ", "A-17"],
  ["Μ.\u00a0 \u2003Π.\n12", "Μ. Π. 12"],
  ["Α\u00ad\u200dΒ\u0007", "ΑΒ"],
  ["μαι\u0301ρη", "μαίρη"],
  ["\u{2800}order\u{3000}17\u{2800}", "order 17"],
  ["two\r\nlines\u{85}and\u{2028}three", "two lines and three"],
  ["a \u{200b} b", "a b"],
  ["Ά\u{fe0f}ννα", "Άννα"],
  ["bell\u{7} and \u{1b}[31mescape\u{0}", "bell and [31mescape"],
])("%j is read as %j", (typed, read) => {
  expect(readReference(typed)).toBe(read);
});

test("characters are counted, not bytes or halves of a character", () => {
  expect(referenceLength(`  ${"ώ".repeat(40)}  `)).toBe(40);
  expect(referenceLength("📷".repeat(41))).toBe(41);
  expect(referenceLength("ω\u0301".repeat(40))).toBe(40);
});
