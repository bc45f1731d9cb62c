import { expect, test } from "vitest";

import { historyMonths, isDay, isMonth, monthOf } from "./periods";

test("the month is that of Athens", () => {
  expect(monthOf(Date.parse("2026-11-30T21:59:00Z"))).toBe("2026-11");
  expect(monthOf(Date.parse("2026-11-30T22:01:00Z"))).toBe("2026-12");
  expect(monthOf(Date.parse("2026-12-31T22:30:00Z"))).toBe("2027-01");
});

test("the history touches thirteen months, the current one first", () => {
  const months = historyMonths(Date.parse("2026-01-15T12:00:00Z"));
  expect(months).toHaveLength(13);
  expect([months[0], months[1], months[12]]).toEqual(["2026-01", "2025-12", "2025-01"]);
});

test.each(["2026-13", "2026-1", "2026", "2026-11-30", "", undefined])("%j is not a month", (text) => {
  expect(isMonth(text)).toBe(false);
});

test("days and months are told apart", () => {
  expect([isMonth("2026-11"), isDay("2026-11"), isDay("2026-11-30"), isDay("2026-00-30")]).toEqual([true, false, true, false]);
});
