import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type * as Upload from "./upload";

vi.mock("../words/language", () => ({ language: { value: "el" } }));

/** Replaces the browser's XMLHttpRequest. */
class Request {
  static latest: Request;
  upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  status = 0;
  sent: Blob | undefined;
  isAborted = false;
  constructor() {
    Request.latest = this;
  }
  open = vi.fn();
  setRequestHeader = vi.fn();
  send(file: Blob) {
    this.sent = file;
  }
  abort() {
    this.isAborted = true;
    this.onabort?.();
  }
  respond(status: number) {
    this.status = status;
    this.onload?.();
  }
}

let upload: typeof Upload;
const file = new Blob(["0123456789"]);
const progress = vi.fn();
let abort: AbortController;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { origin: "https://myphoto.example.gr" });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("XMLHttpRequest", Request);
  progress.mockReset();
  abort = new AbortController();
  upload = await import("./upload");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const begin = () => upload.uploadFile({ method: "PUT", url: "https://bucket.example/1", headers: { Host: "bucket.example", "x-amz-checksum-sha256": "abc" } } as never, file, progress, abort.signal).then(() => "done", (error: unknown) => error);

test("progress is reported up to the whole file, without the headers that browsers set", async () => {
  const result = begin();
  Request.latest.upload.onprogress?.({ loaded: 4 });
  Request.latest.upload.onprogress?.({ loaded: 12 });
  Request.latest.respond(200);
  expect(await result).toBe("done");
  expect(progress.mock.calls.flat()).toEqual([4, 10, 10]);
  expect(Request.latest.setRequestHeader.mock.calls).toEqual([["x-amz-checksum-sha256", "abc"]]);
});

test("a request that sends nothing for 45 seconds is slow, and is ended", async () => {
  const result = begin();
  await vi.advanceTimersByTimeAsync(40_000);
  Request.latest.upload.onprogress?.({ loaded: 4 });
  await vi.advanceTimersByTimeAsync(44_000);
  expect(Request.latest.isAborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await result).toMatchObject({ reason: "slow" });
  expect(Request.latest.isAborted).toBe(true);
});

test("a cancelled request is ended, and its result is the reason", async () => {
  const result = begin();
  abort.abort();
  expect(await result).toMatchObject({ name: "AbortError" });
  expect(Request.latest.isAborted).toBe(true);
  const { latest } = Request;
  expect(await begin()).toMatchObject({ name: "AbortError" });
  expect(Request.latest).not.toBe(latest);
  expect(Request.latest.sent).toBeUndefined();
});

test("a broken connection is interrupted, or offline without a network", async () => {
  const interrupted = begin();
  Request.latest.onerror?.();
  expect(await interrupted).toMatchObject({ reason: "interrupted" });
  vi.stubGlobal("navigator", { onLine: false });
  const offline = begin();
  Request.latest.onerror?.();
  expect(await offline).toMatchObject({ reason: "offline" });
});
