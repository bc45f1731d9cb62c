import { expect, it } from "vitest";

import { clockText, warningMinutes } from "./countdown";

it.each([
  [20 * 60_000, "20:00"],
  [845_000, "14:05"],
  [60_001, "1:01"],
  [59_000, "0:59"],
  [1, "0:01"],
  [0, "0:00"],
  [-5_000, "0:00"],
])("%i ms are shown as %s", (remaining, text) => {
  expect(clockText(remaining)).toBe(text);
});

it.each([
  [300_001, undefined],
  [300_000, 5],
  [60_001, 5],
  [60_000, 1],
  [1, 1],
  [0, undefined],
])("with %i ms left the warning is %s", (remaining, minutes) => {
  expect(warningMinutes(remaining)).toBe(minutes);
});
