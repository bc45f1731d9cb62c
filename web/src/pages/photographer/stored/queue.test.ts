import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";

import type { OpenedPicture } from "../picture/decode";
import type * as DraftModule from "../draft";
import { endPage, eventually, everythingStored, KEYS, newBrowser, openTab } from "./fake_page";
import type * as QueueModule from "./queue";

type Body = { readonly upload_id: string; readonly recipient: { readonly value: string } };
/** Simulates the service, which issues one code for each upload, and can lose a response or reject a request. */
const service = vi.hoisted(() => ({
  session: {} as { value: unknown },
  uploads: 0,
  requests: [] as string[],
  codes: new Map<string, string>(),
  losesResponse: false,
  rejectsWith: undefined as string | undefined,
  onIssue: (): unknown => undefined,
  /** How many of the next requests for a code fail with the problem `throttled`. */
  busy: 0,
  /** The results of the next calls of `uploadFile`: an error, or undefined for success. */
  breaks: [] as (Error | undefined)[],
  signals: [] as AbortSignal[],
  onSend: (): unknown => undefined,
}));
vi.mock("../../../words/language", async () => ({ language: (await import("@preact/signals")).signal("en") }));
vi.mock("../../../api/session", async () => ({ onEnd: [], session: service.session, sessionState: (await import("@preact/signals")).signal({ kind: "unknown" }) }));
vi.mock("../../../api/client", () => {
  class ProblemError extends Error {
    constructor(readonly problem: object) {
      super();
    }
  }
  class ConnectionError extends Error {}
  const POST = async (path: string, { body }: { body: Body }) => {
    if (path.endsWith("/uploads")) {
      service.uploads += 1;
      return { upload_id: `upload-${service.uploads}`, expires_at: "2999-01-01T00:00:00Z", face: {} };
    }
    service.requests.push(`${body.upload_id} ${body.recipient.value}`);
    await service.onIssue();
    if (service.busy-- > 0) throw new ProblemError({ code: "throttled", title: "t", detail: "d" });
    if (service.rejectsWith !== undefined) throw new ProblemError({ code: service.rejectsWith, title: "t", detail: "d" });
    const before = service.codes.get(body.upload_id);
    if (before !== undefined && before !== body.recipient.value) throw new ProblemError({ code: "issuance_conflict", title: "t", detail: "d" });
    service.codes.set(body.upload_id, body.recipient.value);
    if (service.losesResponse) throw new ConnectionError("interrupted");
    return { upload_id: body.upload_id, recipient: { kind: "mobile", masked: "m" } };
  };
  return { ProblemError, ConnectionError, lostConnection: () => new ConnectionError("offline"), api: { POST }, responseData: (value: unknown) => Promise.resolve(value) };
});
vi.mock("../../../api/retry", async (original) => ({
  ...(await original<object>()),
  // Works like the real `withRetries`, but without pauses.
  withRetries: async (task: () => Promise<unknown>) => {
    const { mayPass } = await import("../../../api/retry");
    for (let tries = 1; ; tries += 1) {
      try {
        return await task();
      } catch (error) {
        if (tries === 3 || !mayPass(error)) throw error;
      }
    }
  },
}));
vi.mock("../../../api/upload", () => ({
  UploadRejected: class extends Error {
    constructor(readonly isStale: boolean) {
      super();
    }
  },
  uploadFile: async (_target: unknown, _file: Blob, _onProgress: unknown, signal: AbortSignal) => {
    service.signals.push(signal);
    await service.onSend();
    const error = service.breaks.shift();
    if (error !== undefined) throw error;
  },
  sha256: async (file: Blob) => `hash of ${await file.text()}`,
}));
vi.mock("../locate", () => ({ locateFace: () => Promise.resolve(undefined) }));
vi.mock("../picture/decode", () => ({
  canSendUnchanged: () => false,
  openPicture: (file: File): Promise<OpenedPicture> => Promise.resolve({ file, size: { width: 4000, height: 3000 }, preview: {} as ImageBitmap, inspection: { format: "jpeg", completeness: "complete" } }),
  cropToJpeg: () => Promise.resolve({ file: new Blob(["a cropped face"], { type: "image/jpeg" }), width: 800, height: 1200 }),
  release: () => undefined,
}));

service.session = signal<unknown>(undefined);
const sessionWith = (draft_key: string) => ({ draft_key, expires_at: "2126-01-01T00:00:00Z", role: { business: { id: draft_key } } });
let draft: typeof DraftModule;
let queue: typeof QueueModule;

async function openPage(): Promise<void> {
  draft = await import("../draft");
  queue = await import("./queue");
  const { isRestoring } = await import("./draft_storage");
  await eventually(() => expect(isRestoring.value).toBe(false));
  await queue.loadQueue();
}

async function reload(): Promise<void> {
  endPage();
  await openPage();
}

/** Prepares a draft for a customer and moves the draft into the queue. */
async function add(mobile: string): Promise<void> {
  await draft.choosePicture("face", new File(["picture"], "picture.jpg"));
  await draft.finishPicture("face");
  draft.recipient.value = { ...draft.recipient.value, mobile };
  await queue.addDraft();
}

const recipients = () => queue.entries.value.map(({ head }) => head.request.recipient.value);
const ids = () => queue.entries.value.map(({ id }) => id);
const problems = () => queue.entries.value.map(({ head }) => head.problem?.code);

beforeEach(async () => {
  vi.resetModules();
  newBrowser();
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:1", revokeObjectURL: () => undefined }));
  service.session.value = sessionWith(KEYS.first);
  Object.assign(service, { uploads: 0, requests: [], codes: new Map(), losesResponse: false, rejectsWith: undefined, onIssue: () => undefined, busy: 0, breaks: [], signals: [], onSend: () => undefined });
  await openPage();
});

test("a finished draft waits encrypted over a reload, the next customer begins empty, and nothing is sent without the photographer", async () => {
  await add("6900000001");
  await add("6900000002");
  expect([draft.pictures.value, draft.recipient.value.mobile]).toEqual([{}, ""]);
  expect(await everythingStored()).not.toMatch(/69000000|cropped/);
  await reload();
  document.dispatchEvent(new Event("online"));
  expect(recipients()).toEqual(["6900000001", "6900000002"]);
  expect(service.requests).toEqual([]);
  await queue.sendEntries(ids());
  expect([...service.codes]).toEqual([["upload-1", "6900000001"], ["upload-2", "6900000002"]]);
  expect([recipients(), queue.issuedFromQueue.value, await everythingStored()]).toEqual([[], 2, ""]);
});

test("the twentieth entry is the last, and the draft stays", async () => {
  for (let count = 1; count <= queue.ENTRIES_MAX; count += 1) await add(`69000000${String(count).padStart(2, "0")}`);
  await expect(add("6900000099")).rejects.toMatchObject({ reason: "full" });
  expect([queue.entries.value.length, draft.recipient.value.mobile, draft.isComplete.value]).toEqual([20, "6900000099", true]);
});

test("an entry whose response was lost is sent again for the same upload, so that one code exists", async () => {
  await add("6900000001");
  service.losesResponse = true;
  await queue.sendEntries(ids());
  expect([recipients(), queue.queueFailure.value]).toMatchObject([["6900000001"], {}]);
  service.losesResponse = false;
  await reload();
  await queue.sendEntries(ids());
  expect([service.uploads, service.requests, [...service.codes]]).toEqual([1, ["upload-1 6900000001", "upload-1 6900000001"], [["upload-1", "6900000001"]]]);
  expect(recipients()).toEqual([]);
});

test("a draft whose issuing was interrupted is added with its upload, and another recipient does not get a second code", async () => {
  await draft.choosePicture("face", new File(["picture"], "picture.jpg"));
  await draft.finishPicture("face");
  draft.recipient.value = { ...draft.recipient.value, mobile: "6900000001" };
  service.codes.set("upload-1", "6900000001");
  draft.uploadProgress.value = { fingerprint: "standard face:hash of a cropped face", upload: { upload_id: "upload-1", expires_at: "2999-01-01T00:00:00Z", face: {} } as never, uploaded: new Set(["face"] as const) };
  draft.recipient.value = { ...draft.recipient.value, mobile: "6900000002" };
  await queue.addDraft();
  await queue.sendEntries(ids());
  const [entry] = queue.entries.value;
  if (entry === undefined) throw new Error("the entry is gone");
  expect([problems(), queue.issuedToAnother(entry), queue.mayOpen(entry), service.uploads]).toEqual([["issuance_conflict"], "upload-1", false, 0]);
  expect([...service.codes]).toEqual([["upload-1", "6900000001"]]);
});

test("two tabs do not send the same entry", async () => {
  await add("6900000001");
  let release: () => void = () => undefined;
  service.onIssue = () => new Promise<void>((resolve) => (release = resolve));
  const first = queue.sendEntries(ids());
  await eventually(() => expect(service.requests).toHaveLength(1));
  openTab();
  await openPage();
  await queue.sendEntries(ids());
  expect(service.requests).toHaveLength(1);
  release();
  await first;
  await queue.loadQueue();
  expect([recipients(), service.requests]).toEqual([[], ["upload-1 6900000001"]]);
});

test("a rejected entry stays with the reason, does not stop the others, and can be corrected as a draft", async () => {
  await add("6900000001");
  service.rejectsWith = "bad_picture";
  await queue.sendEntries(ids());
  expect(problems()).toEqual(["bad_picture"]);
  service.rejectsWith = undefined;
  const [rejected] = queue.entries.value;
  if (rejected === undefined) throw new Error("the entry is gone");
  expect(queue.mayOpen(rejected)).toBe(true);
  await queue.openEntry(rejected.id);
  expect([recipients(), draft.recipient.value.mobile, await draft.pictures.value.face?.source.file.text()]).toEqual([[], "6900000001", "a cropped face"]);
});

test("without network sending stops at once, and every entry waits on", async () => {
  await add("6900000001");
  await add("6900000002");
  Object.assign(navigator, { onLine: false });
  await queue.sendEntries(ids());
  expect([recipients(), service.uploads, queue.queueFailure.value === undefined]).toEqual([["6900000001", "6900000002"], 0, false]);
});

test("the queue belongs to one session and one business", async () => {
  await add("6900000001");
  service.session.value = sessionWith(KEYS.second);
  await eventually(() => expect(queue.entries.value).toEqual([]));
  await queue.loadQueue();
  expect(recipients()).toEqual([]);
  // The session switches back to the first business.
  service.session.value = sessionWith(KEYS.first);
  await eventually(() => expect(recipients()).toEqual(["6900000001"]));
});

test("a role that another tab changes while an entry is sent does not send it for another business", async () => {
  await add("6900000001");
  const sent = queue.sendEntries(ids());
  service.session.value = sessionWith(KEYS.second);
  await sent;
  expect([service.requests, [...service.codes]]).toEqual([[], []]);
});

test("where the browser stores nothing, the draft is not added and stays", async () => {
  endPage();
  vi.stubGlobal("indexedDB", { open: () => { throw new DOMException("blocked", "SecurityError"); } });
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  await openPage();
  await expect(add("6900000001")).rejects.toMatchObject({ reason: "not_stored" });
  expect([draft.recipient.value.mobile, draft.isComplete.value]).toEqual(["6900000001", true]);
  warn.mockRestore();
});

async function addRejected(): Promise<string> {
  await add("6900000001");
  service.rejectsWith = "bad_picture";
  await queue.sendEntries(ids());
  service.rejectsWith = undefined;
  return ids()[0] ?? "";
}

test("an entry that is opened on the page about the code just issued is not lost when that page is left", async () => {
  const id = await addRejected();
  draft.issued.value = { upload_id: "of the customer before" } as never;
  expect(await queue.openEntry(id)).toBe(true);
  expect([draft.issued.value, draft.recipient.value.mobile, draft.isStored.value]).toEqual([undefined, "6900000001", true]);
  await reload();
  expect([recipients(), draft.recipient.value.mobile, Object.keys(draft.pictures.value)]).toEqual([[], "6900000001", ["face"]]);
});

test("an entry stays in the queue, and does not become a draft too, if the browser cannot store the draft", async () => {
  const id = await addRejected();
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => { throw new DOMException("full", "QuotaExceededError"); });
  expect(await queue.openEntry(id)).toBe(false);
  put.mockRestore();
  await queue.loadQueue();
  expect([recipients(), draft.pictures.value, draft.recipient.value.mobile]).toEqual([["6900000001"], {}, ""]);
  warn.mockRestore();
});

test("an entry that is opened while the business changes stays out of the draft of the other business", async () => {
  const id = await addRejected();
  const opened = queue.openEntry(id);
  service.session.value = sessionWith(KEYS.second);
  expect(await opened).toBe(false);
  expect([draft.pictures.value, draft.recipient.value.mobile]).toEqual([{}, ""]);
  service.session.value = sessionWith(KEYS.first);
  await eventually(() => expect(recipients()).toEqual(["6900000001"]));
});

test("adding to the queue removes the stored draft together with the write of the entry", async () => {
  await draft.choosePicture("face", new File(["picture"], "picture.jpg"));
  await draft.finishPicture("face");
  draft.recipient.value = { ...draft.recipient.value, mobile: "6900000001" };
  await eventually(() => expect(draft.isStored.value).toBe(true));
  await queue.addDraft();
  // The page ends before the empty draft is stored.
  await reload();
  expect([recipients(), draft.pictures.value, draft.recipient.value.mobile]).toEqual([["6900000001"], {}, ""]);
});

test("a service that is busy for a moment is asked again, and one that stays busy marks no entry as rejected", async () => {
  await add("6900000001");
  await add("6900000002");
  service.busy = 2;
  await queue.sendEntries(ids().slice(0, 1));
  expect([recipients(), service.uploads]).toEqual([["6900000002"], 1]);
  await add("6900000003");
  service.busy = 3;
  await queue.sendEntries(ids());
  expect([problems(), service.requests.length, queue.queueFailure.value]).toMatchObject([[undefined, undefined], 6, { problem: { code: "throttled" } }]);
});

test("an upload that is rejected as stale is repeated once, and an entry that stays rejected does not stop the next one", async () => {
  const { UploadRejected } = await import("../../../api/upload");
  await add("6900000001");
  await add("6900000002");
  service.breaks = [new UploadRejected(true), undefined, new UploadRejected(false)];
  await queue.sendEntries(ids());
  expect([recipients(), problems(), queue.queueFailure.value]).toEqual([["6900000002"], ["upload_rejected"], undefined]);
  await add("6900000003");
  service.breaks = [new UploadRejected(true), new UploadRejected(true)];
  await queue.sendEntries(ids());
  const [entry] = queue.entries.value;
  expect([recipients(), entry !== undefined && queue.mayOpen(entry) && queue.isUploadRejected(entry)]).toEqual([["6900000002"], true]);
  expect([...service.codes.values()]).toEqual(["6900000001", "6900000003"]);
});

test("the end of the session stops the upload, and nothing is written afterwards", async () => {
  await add("6900000001");
  let arrive: () => void = () => undefined;
  service.onSend = () => new Promise<void>((resolve) => (arrive = resolve));
  const sent = queue.sendEntries(ids());
  await eventually(() => expect(service.signals).toHaveLength(1));
  service.session.value = undefined;
  expect(service.signals[0]?.aborted).toBe(true);
  const { removeUnsent } = await import("../../../stored/session_end");
  await removeUnsent();
  arrive();
  await sent;
  expect([await everythingStored(), service.requests, queue.queueFailure.value]).toEqual(["", [], undefined]);
});

test("what the page says about the queue belongs to one session and one business", async () => {
  await add("6900000001");
  expect(queue.wasAdded.value).toBe(true);
  await queue.removeEntry(ids()[0] ?? "");
  expect(queue.wasAdded.value).toBe(false);
  await add("6900000002");
  await queue.sendEntries(ids());
  Object.assign(navigator, { onLine: false });
  await add("6900000003");
  await queue.sendEntries(ids());
  await add("6900000004");
  queue.sendsLater.value = true;
  const said = () => [queue.issuedFromQueue.value, queue.queueFailure.value === undefined, queue.wasAdded.value, queue.sendsLater.value];
  expect(said()).toEqual([1, false, true, true]);
  service.session.value = sessionWith(KEYS.second);
  expect(said()).toEqual([0, true, false, false]);
});
