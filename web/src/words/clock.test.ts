import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { deviceTime, now, setServiceTime } from "./clock";

const SERVICE = Date.parse("2026-11-30T12:00:00Z");
const DAY_MS = 86_400_000;

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

it.each([-DAY_MS, -3_600_000, 0, 90_000, DAY_MS, 400 * DAY_MS])("the time is that of the service if the device's clock is wrong by %i ms", (wrong) => {
  vi.setSystemTime(SERVICE + wrong);
  setServiceTime(SERVICE);
  expect(now()).toBe(SERVICE);
  vi.setSystemTime(SERVICE + wrong + 5_000);
  expect(now()).toBe(SERVICE + 5_000);
  expect(deviceTime()).toBe(SERVICE + wrong + 5_000);
});

it("a clock that is corrected while the page is open is followed at the next response", () => {
  vi.setSystemTime(SERVICE - DAY_MS);
  setServiceTime(SERVICE);
  vi.setSystemTime(SERVICE);
  setServiceTime(SERVICE);
  expect(now()).toBe(SERVICE);
});

it("differences that the transfer of a response explains change nothing", () => {
  vi.setSystemTime(SERVICE);
  setServiceTime(SERVICE);
  setServiceTime(SERVICE - 1_500);
  expect(now()).toBe(SERVICE);
});
