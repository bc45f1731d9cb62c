import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Kind } from "./picture/profiles";
import type { Sending } from "./send_pictures";

vi.mock("../../words/language", () => ({ language: { value: "en" } }));

/** Simulates the bucket. It receives half of the file, then calls `end`. */
const bucket = vi.hoisted(() => ({ urls: [] as string[], end: (): Promise<void> => Promise.resolve() }));
vi.mock("../../api/upload", async (original) => ({
  ...(await original<object>()),
  uploadFile: async ({ url }: { url: string }, file: Blob, onProgress: (sent: number) => void) => {
    bucket.urls.push(url);
    onProgress(file.size / 2);
    await bucket.end();
    onProgress(file.size);
  },
}));
vi.stubGlobal("location", { origin: "https://myphoto.example.gr" });
vi.stubGlobal("navigator", { onLine: true });

const { ConnectionError, ProblemError } = await import("../../api/client");
const { UploadRejected } = await import("../../api/upload");
const { needsNewUpload, sendPictures } = await import("./send_pictures");

const part = (kind: Kind, size: number) => ({ kind, file: new Blob(["x".repeat(size)]), target: { method: "PUT", url: kind, headers: {} } }) as never;

let progress: Sending[];
let sent: Kind[];
const send = (...parts: never[]) => sendPictures(parts, { signal: new AbortController().signal, onProgress: (sending) => progress.push(sending), onSent: (kind) => void sent.push(kind) });

beforeEach(() => {
  vi.useFakeTimers();
  [progress, sent] = [[], []];
  Object.assign(bucket, { urls: [], end: () => Promise.resolve() });
});
afterEach(() => {
  vi.useRealTimers();
});

test("the remaining time counts all pictures", async () => {
  bucket.end = () => new Promise((resolve) => setTimeout(resolve, 4_000));
  const done = send(part("face", 800), part("signature", 400));
  await vi.advanceTimersByTimeAsync(8_000);
  await done;
  expect(progress.at(-1)).toEqual({ sent: { face: 800, signature: 400 }, total: 1200, secondsLeft: 0, wait: undefined });
  // The 800 bytes of the face photo took 4 s, so the 400 bytes of the signature need 2 s.
  expect(progress.find(({ sent }) => sent.face === 800)?.secondsLeft).toBeCloseTo(2);
});

test("a picture that breaks begins anew by itself, and the ones before it are not sent again", async () => {
  let breaks = 2;
  bucket.end = () => (bucket.urls.at(-1) === "signature" && breaks-- > 0 ? Promise.reject(new ConnectionError("interrupted")) : Promise.resolve());
  const done = send(part("face", 800), part("signature", 400));
  await vi.advanceTimersByTimeAsync(10_000);
  await done;
  expect(bucket.urls).toEqual(["face", "signature", "signature", "signature"]);
  expect(sent).toEqual(["face", "signature"]);
  expect(progress.filter(({ wait }) => wait !== undefined)).toEqual([2, 3].map((nextTry) => ({ sent: { face: 800, signature: 0 }, total: 1200, wait: { for: "pause", nextTry } })));
});

test("a picture that breaks three times is reported", async () => {
  bucket.end = () => Promise.reject(new ConnectionError("interrupted"));
  const failed = expect(send(part("face", 800))).rejects.toMatchObject({ reason: "interrupted" });
  await vi.advanceTimersByTimeAsync(10_000);
  await failed;
  expect([bucket.urls.length, sent]).toEqual([3, []]);
});

test("a rejected picture is not sent again", async () => {
  bucket.end = () => Promise.reject(new UploadRejected(true));
  await expect(send(part("face", 800))).rejects.toBeInstanceOf(UploadRejected);
  expect(bucket.urls).toEqual(["face"]);
});

test("a new upload is requested only where it helps", () => {
  const problem = (code: string) => new ProblemError({ code } as never);
  const helped = [new UploadRejected(true), problem("upload_unknown"), problem("upload_incomplete"), problem("upload_altered")];
  const notHelped = [new UploadRejected(false), problem("upload_issued"), problem("upload_refused"), problem("throttled"), new ConnectionError("slow"), new Error("bug")];
  expect(helped.map(needsNewUpload)).toEqual(helped.map(() => true));
  expect(notHelped.map(needsNewUpload)).toEqual(notHelped.map(() => false));
});
