import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Problem } from "./client";
import type * as Client from "./client";
import type * as Retry from "./retry";
import type * as Upload from "./upload";

vi.mock("../words/language", () => ({ language: { value: "el" } }));

let client: typeof Client;
let retry: typeof Retry;
let upload: typeof Upload;
let abort: AbortController;
const page = new EventTarget();
const device = { onLine: true };

beforeEach(async () => {
  vi.useFakeTimers();
  device.onLine = true;
  vi.stubGlobal("location", { origin: "https://myphoto.example.gr" });
  vi.stubGlobal("navigator", device);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  abort = new AbortController();
  client = await import("./client");
  retry = await import("./retry");
  upload = await import("./upload");
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Runs a task that fails with each of these errors in turn and then succeeds. */
function run(...errors: Error[]) {
  const left = [...errors];
  const task = vi.fn(() => {
    const error = left.shift();
    return error === undefined ? Promise.resolve("done") : Promise.reject(error);
  });
  const waits: unknown[] = [];
  const result = retry.withRetries(task, { signal: abort.signal, onWait: (wait) => waits.push(wait) }).catch((error: unknown) => error);
  return { task, waits, result };
}
const interrupted = () => new client.ConnectionError("interrupted");
const problem = (code: string) => new client.ProblemError({ code } as Problem);

test.each([
  { random: 0, first: 1_000, second: 2_000 },
  { random: 1, first: 2_000, second: 4_000 },
])("a task whose connection breaks is tried three times, with pauses that become longer (random number $random)", async ({ random, first, second }) => {
  vi.spyOn(Math, "random").mockReturnValue(random);
  const { task, waits, result } = run(interrupted(), interrupted());
  await vi.advanceTimersByTimeAsync(first - 1);
  expect(task).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(task).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(second - 1);
  expect(task).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(await result).toBe("done");
  expect(waits).toEqual([{ for: "pause", nextTry: 2 }, undefined, { for: "pause", nextTry: 3 }, undefined]);
});

test("the third failure is the result", async () => {
  const last = new client.ConnectionError("slow");
  const { task, result } = run(interrupted(), interrupted(), last);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await result).toBe(last);
  expect(task).toHaveBeenCalledTimes(3);
});

test("pauses differ by chance within their half", () => {
  expect([retry.pauseAfter(1, 0), retry.pauseAfter(1, 1), retry.pauseAfter(2, 0), retry.pauseAfter(2, 1)]).toEqual([1_000, 2_000, 2_000, 4_000]);
});

test("what cannot pass is not tried again", async () => {
  for (const error of [problem("upload_unknown"), new upload.UploadRejected(true), new upload.UploadRejected(false), new TypeError("bug")]) {
    const { task, result } = run(error);
    await vi.advanceTimersByTimeAsync(0);
    expect(await result).toBe(error);
    expect(task).toHaveBeenCalledTimes(1);
  }
});

test("a service that is too busy is tried again", async () => {
  const { result } = run(problem("throttled"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await result).toBe("done");
});

test("without a network the next try waits for it", async () => {
  device.onLine = false;
  const { task, waits, result } = run(new client.ConnectionError("offline"));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(task).toHaveBeenCalledTimes(1);
  expect(waits.at(-1)).toEqual({ for: "network", nextTry: 2 });
  device.onLine = true;
  page.dispatchEvent(new Event("online"));
  expect(await result).toBe("done");
});

test("if the network does not return, the tries come to an end", async () => {
  device.onLine = false;
  const offline = () => new client.ConnectionError("offline");
  const { result } = run(offline(), offline(), offline());
  await vi.advanceTimersByTimeAsync(180_000);
  expect(await result).toMatchObject({ reason: "offline" });
});

test("a task that is cancelled in a pause or before it begins is not tried", async () => {
  const paused = run(interrupted());
  await vi.advanceTimersByTimeAsync(500);
  abort.abort();
  expect(await paused.result).toMatchObject({ name: "AbortError" });
  expect(paused.task).toHaveBeenCalledTimes(1);
  const late = run();
  expect(await late.result).toMatchObject({ name: "AbortError" });
  expect(late.task).not.toHaveBeenCalled();
});

test.each([
  [403, "stale"],
  [404, "stale"],
  [400, "stale"],
  [413, "final"],
  [405, "final"],
  [408, "temporary"],
  [429, "temporary"],
  [500, "temporary"],
  [503, "temporary"],
])("a response with %i to an upload is %s", (status, kind) => {
  const error = upload.rejection(status);
  expect(error instanceof upload.UploadRejected ? (error.isStale ? "stale" : "final") : "temporary").toBe(kind);
  expect(retry.mayPass(error)).toBe(kind === "temporary");
});
