import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { startPolling } from "./polling";

const MINUTE = 60_000;
const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
const poll = vi.fn(() => Promise.resolve());
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  page.visibilityState = "visible";
  poll.mockReset().mockResolvedValue(undefined);
  stop = startPolling(poll);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(state: "visible" | "hidden") {
  page.visibilityState = state;
  page.dispatchEvent(new Event("visibilitychange"));
}
const callsWithin = async (ms: number) => {
  const before = poll.mock.calls.length;
  await vi.advanceTimersByTimeAsync(ms);
  return poll.mock.calls.length - before;
};

test("polling begins fast and slows down, also after errors", async () => {
  poll.mockRejectedValue(new Error("no network"));
  const early = await callsWithin(20_000);
  await callsWithin(3 * MINUTE);
  expect(early).toBeGreaterThanOrEqual(3);
  expect(await callsWithin(MINUTE)).toBe(2);
});

test("nothing is polled while the page is hidden, and soon again when it is shown", async () => {
  show("hidden");
  expect(await callsWithin(5 * MINUTE)).toBe(0);
  show("visible");
  expect(await callsWithin(3_000)).toBe(1);
});

test("an unattended page stops polling, so that its session can end, and begins again when it is used", async () => {
  await callsWithin(10 * MINUTE);
  expect(await callsWithin(20 * MINUTE)).toBe(0);
  page.dispatchEvent(new Event("pointerdown"));
  expect(await callsWithin(3_000)).toBe(1);
  await callsWithin(9 * MINUTE);
  page.dispatchEvent(new Event("keydown"));
  expect(await callsWithin(9 * MINUTE)).toBeGreaterThan(10);
});

test("after the end nothing is polled, whatever happens on the page", async () => {
  stop();
  show("hidden");
  show("visible");
  page.dispatchEvent(new Event("keydown"));
  expect(await callsWithin(5 * MINUTE)).toBe(0);
});
