import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";

import type { OpenedPicture } from "../picture/decode";
import type * as DraftModule from "../draft";
import type * as StorageModule from "./draft_storage";
import { endPage, eventually, everythingStored, KEYS, newBrowser, openTab } from "./fake_page";

const outside = vi.hoisted(() => ({
  session: {} as { value: unknown },
  uploads: 0,
  issued: [] as { upload_id: string }[],
  time: 1_800_000_000_000,
  onOpen: (): unknown => undefined,
  preview: {},
  released: [] as unknown[],
}));
vi.mock("../../../words/clock", () => ({ deviceTime: () => outside.time, now: () => outside.time }));
vi.mock("../../../words/language", async () => ({ language: (await import("@preact/signals")).signal("en") }));
vi.mock("../../../api/session", async () => {
  const { signal } = await import("@preact/signals");
  return { onEnd: [], session: outside.session, sessionState: signal({ kind: "unknown" }) };
});
vi.mock("../../../api/client", () => {
  const POST = (path: string, { body }: { body: { upload_id: string } }) => {
    if (path.endsWith("/uploads")) return { upload_id: `upload-${++outside.uploads}`, expires_at: "2999-01-01T00:00:00Z", face: {} };
    if (path.endsWith("/check")) return { ok: true, images: [] };
    outside.issued.push(body);
    return { upload_id: body.upload_id };
  };
  return { ProblemError: class extends Error {}, ConnectionError: class extends Error {}, api: { POST }, responseData: (value: unknown) => Promise.resolve(value) };
});
vi.mock("../../../api/upload", () => ({ UploadRejected: class extends Error {}, uploadFile: () => Promise.resolve(), sha256: async (file: Blob) => `hash of ${await file.text()}` }));
vi.mock("../locate", () => ({ locateFace: () => Promise.resolve(undefined) }));
vi.mock("../picture/decode", () => ({
  canSendUnchanged: () => false,
  openPicture: async (file: File): Promise<OpenedPicture> => {
    await outside.onOpen();
    const preview = {} as ImageBitmap;
    outside.preview = preview;
    return { file, size: { width: 4000, height: 3000 }, preview, inspection: { format: "jpeg", completeness: "complete" } };
  },
  cropToJpeg: () => Promise.resolve({ file: new Blob(["cropped"], { type: "image/jpeg" }), width: 800, height: 1200 }),
  release: (preview: unknown) => outside.released.push(preview),
}));

outside.session = signal<unknown>(undefined);
const sessionWith = (draft_key: string) => ({ draft_key, expires_at: "2126-01-01T00:00:00Z", role: { business: { id: draft_key } } });
let draft: typeof DraftModule;
let storage: typeof StorageModule;

/** Loads the photographer's page. Its modules are loaded anew, as after a reload. */
async function openPage(): Promise<void> {
  draft = await import("../draft");
  storage = await import("./draft_storage");
  await eventually(() => expect(storage.isRestoring.value).toBe(false));
}

async function reload(): Promise<void> {
  endPage();
  await openPage();
}

const stored = () => eventually(() => expect(draft.isStored.value).toBe(true));
const file = () => new File(["the whole picture"], "IMG_1.jpg", { type: "image/jpeg", lastModified: 5 });

async function prepare(): Promise<void> {
  draft.changeProfile("identity_card");
  await draft.choosePicture("face", file());
  draft.setCrop("face", { ...(draft.pictures.value.face?.crop ?? never()), x: 1234 });
  draft.recipient.value = { ...draft.recipient.value, kind: "email", email: "maria@example.gr", language: "en", reminder: true, reference: "Order 17" };
}

function never(): never {
  throw new Error("no picture");
}

beforeEach(async () => {
  vi.resetModules();
  newBrowser();
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:1", revokeObjectURL: () => undefined }));
  outside.session.value = sessionWith(KEYS.first);
  Object.assign(outside, { uploads: 0, issued: [], time: 1_800_000_000_000, onOpen: () => undefined, preview: {}, released: [] });
  await openPage();
});

test("after a reload the document, the recipient, the picture and its crop are there again, and the page says so", async () => {
  await prepare();
  await stored();
  expect(await everythingStored()).not.toMatch(/maria|IMG_1|the whole picture/);
  await reload();
  expect(storage.draftNotice.value).toBe("restored");
  expect(draft.profile.value).toBe("identity_card");
  expect(draft.recipient.value).toEqual({ kind: "email", mobile: "", email: "maria@example.gr", language: "en", reminder: true, reference: "Order 17" });
  const { face } = draft.pictures.value;
  expect([face?.crop.x, face?.isCorrected, face?.source.file.name, await face?.source.file.text()]).toEqual([1234, true, "IMG_1.jpg", "the whole picture"]);
});

test("a page that is hidden stores at once, because the browser may be ended while the camera is open", async () => {
  // The timer that stores a draft after a pause never fires, so that only the event can store it.
  const timers = vi.spyOn(globalThis, "setTimeout").mockReturnValue(1);
  draft.recipient.value = { ...draft.recipient.value, mobile: "6912345678" };
  Object.assign(document, { visibilityState: "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
  await stored().finally(() => timers.mockRestore());
  await reload();
  expect(draft.recipient.value.mobile).toBe("6912345678");
});

test("a reload between the check and the response to issuing requests the code for the same upload", async () => {
  await prepare();
  await draft.finishPicture("face");
  await draft.uploadAndCheck();
  await stored();
  await reload();
  expect(draft.mayIssue.value).toBe(true);
  await draft.issueCode();
  expect([outside.uploads, outside.issued.map(({ upload_id }) => upload_id)]).toEqual([1, ["upload-1"]]);
});

test("an issued code and a discarded draft leave nothing behind", async () => {
  await prepare();
  await draft.finishPicture("face");
  await draft.uploadAndCheck();
  await stored();
  await draft.issueCode();
  await eventually(async () => expect(await everythingStored()).toBe(""));
  draft.nextCustomer();
  await draft.choosePicture("face", file());
  await stored();
  await reload();
  storage.discardDraft();
  expect([storage.draftNotice.value, draft.pictures.value, draft.recipient.value.email]).toEqual([undefined, {}, ""]);
  await stored();
  await reload();
  // The chosen document stays for the next customer. A draft that contains only this choice is not announced as restored.
  expect([storage.draftNotice.value, draft.profile.value, draft.pictures.value]).toEqual([undefined, "identity_card", {}]);
});

test("the draft of another session or business is not restored", async () => {
  await prepare();
  await stored();
  outside.session.value = sessionWith(KEYS.second);
  await reload();
  expect([storage.draftNotice.value, draft.pictures.value, draft.recipient.value.email]).toEqual([undefined, {}, ""]);
});

test("changing the business clears the draft, also for a later return", async () => {
  await prepare();
  await stored();
  outside.session.value = sessionWith(KEYS.second);
  await eventually(() => expect([storage.isRestoring.value, draft.pictures.value]).toEqual([false, {}]));
  outside.session.value = sessionWith(KEYS.first);
  await eventually(() => expect(storage.isRestoring.value).toBe(false));
  expect([draft.pictures.value, draft.recipient.value.email]).toEqual([{}, ""]);
  expect(await everythingStored()).toBe("");
});

test("a second tab does not take the draft of the first, and finds it when the first has crashed", async () => {
  await prepare();
  await stored();
  openTab();
  await openPage();
  expect([storage.draftNotice.value, draft.pictures.value]).toEqual([undefined, {}]);
  await reload();
  expect(draft.recipient.value.email).toBe("maria@example.gr");
});

test("without storage the page says that the draft will not survive, and works on", async () => {
  endPage();
  vi.stubGlobal("indexedDB", { open: () => { throw new DOMException("blocked", "SecurityError"); } });
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  await openPage();
  expect(storage.draftNotice.value).toBeUndefined();
  await prepare();
  await eventually(() => expect(storage.draftNotice.value).toBe("not_stored"));
  expect(draft.isStored.value).toBe(false);
  await draft.finishPicture("face");
  await draft.uploadAndCheck();
  await draft.issueCode();
  expect(outside.issued).toHaveLength(1);
  warn.mockRestore();
});

test("a full disk leaves no older state behind", async () => {
  draft.recipient.value = { ...draft.recipient.value, email: "first@example.gr", kind: "email" };
  await stored();
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => { throw new DOMException("full", "QuotaExceededError"); });
  await prepare();
  await eventually(() => expect(storage.draftNotice.value).toBe("not_stored"));
  expect(await everythingStored()).toBe("");
  put.mockRestore();
  warn.mockRestore();
});

test.each([["the session ends", undefined], ["the business changes", KEYS.second]])("a draft that is being restored while %s does not get into memory", async (_, key) => {
  await prepare();
  await stored();
  endPage();
  let opened: () => void = () => undefined;
  outside.onOpen = () => new Promise<void>((resolve) => (opened = resolve));
  draft = await import("../draft");
  storage = await import("./draft_storage");
  const [before, beforeOpening] = [opened, outside.preview];
  await eventually(() => expect(opened).not.toBe(before));
  outside.session.value = key === undefined ? undefined : sessionWith(key);
  opened();
  await eventually(() => expect([outside.preview !== beforeOpening && outside.released.includes(outside.preview), storage.isRestoring.value]).toEqual([true, false]));
  expect([draft.pictures.value, draft.recipient.value.email, storage.draftNotice.value, draft.isStored.value]).toEqual([{}, "", undefined, false]);
});

test("a draft that was not changed for an hour is stored again with its pictures, which the sweep has removed", async () => {
  await prepare();
  await stored();
  outside.time += 3_600_000;
  document.dispatchEvent(new Event("visibilitychange"));
  expect(draft.isStored.value).toBe(false);
  const { removeUnsent } = await import("../../../stored/session_end");
  await removeUnsent("2126-01-01T00:00:00Z");
  expect(await everythingStored()).toBe("");
  draft.recipient.value = { ...draft.recipient.value, email: "anna@example.gr" };
  await stored();
  await reload();
  expect([draft.recipient.value.email, await draft.pictures.value.face?.source.file.text()]).toEqual(["anna@example.gr", "the whole picture"]);
});

test("pictures that another tab has removed as too old are stored again", async () => {
  await prepare();
  await stored();
  const { removeUnsent } = await import("../../../stored/session_end");
  await removeUnsent("another session");
  draft.recipient.value = { ...draft.recipient.value, email: "anna@example.gr" };
  await stored();
  await reload();
  expect([draft.recipient.value.email, Object.keys(draft.pictures.value)]).toEqual(["anna@example.gr", ["face"]]);
});
