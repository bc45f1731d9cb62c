import { expect, test } from "vitest";

import { nextAnnouncement, roundedTime, secondsLeft, withSample } from "./transfer";

/** Returns the samples of an upload at constant speed, one for every 500 milliseconds from `from` to `to`. */
const steady = (from: number, to: number, bytesPerSecond: number, start = 0) => Array.from({ length: (to - from) / 500 + 1 }, (_, index) => ({ at: from + index * 500, sent: start + (index * bytesPerSecond) / 2 }));
const collect = (samples: readonly { at: number; sent: number }[]) => samples.reduce<readonly { at: number; sent: number }[]>(withSample, []);

test("the remaining time follows from the speed", () => {
  expect(secondsLeft(collect(steady(0, 4_000, 100_000)), 1_000_000)).toBeCloseTo(6);
});

test("the remaining time is not estimated from the first bytes, nor while nothing is sent", () => {
  expect(secondsLeft([], 1_000)).toBeUndefined();
  expect(secondsLeft(collect(steady(0, 1_000, 100_000)), 1_000_000)).toBeUndefined();
  expect(secondsLeft([{ at: 0, sent: 500 }, { at: 5_000, sent: 500 }], 1_000)).toBeUndefined();
});

test("the remaining time follows a connection that becomes slower", () => {
  const samples = collect([...steady(0, 10_000, 200_000), ...steady(10_500, 20_000, 10_000, 2_005_000)]);
  expect(secondsLeft(samples, 3_000_000)).toBeGreaterThan(80);
  expect(samples.length).toBeLessThan(25);
});

test.each([
  [0.2, "seconds", 5],
  [11, "seconds", 15],
  [30, "seconds", 30],
  [31, "seconds", 45],
  [90, "seconds", 90],
  [91, "minutes", 2],
  [600, "minutes", 10],
])("%d s are shown as %s: %d", (seconds, unit, count) => {
  expect(roundedTime(seconds)).toEqual({ unit, count });
});

test("screen readers hear each quarter once, not more often than every four seconds, and not the end, which the check announces", () => {
  const heard: number[] = [];
  let last = { quarter: 0, at: 0 };
  for (let at = 0; at <= 40_000; at += 500) {
    const next = nextAnnouncement(last, at / 40_000, at);
    if (next !== last) heard.push(next.quarter);
    last = next;
  }
  expect(heard).toEqual([1, 2, 3]);
  const fast = nextAnnouncement({ quarter: 0, at: 0 }, 0.3, 1_000);
  expect(fast).toEqual({ quarter: 0, at: 0 });
  expect(nextAnnouncement(fast, 0.9, 4_000)).toEqual({ quarter: 3, at: 4_000 });
});

test("an upload that begins anew is announced anew", () => {
  const restarted = nextAnnouncement({ quarter: 3, at: 1_000 }, 0, 2_000);
  expect(restarted).toEqual({ quarter: 0, at: 2_000 });
  expect(nextAnnouncement(restarted, 0.26, 6_000).quarter).toBe(1);
});
