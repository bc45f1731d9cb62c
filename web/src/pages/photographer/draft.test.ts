import { beforeEach, expect, test, vi } from "vitest";

import type { FaceLocation, PictureReport } from "./api_types";
import type { OpenedPicture } from "./picture/decode";
import { HEAD_LIMITS } from "./picture/profiles";

/** Replacements for the browser's language, decoder and network, which tests do not have. */
const outside = vi.hoisted(() => ({
  locate: (): Promise<FaceLocation | undefined> => Promise.resolve(undefined),
  isPlain: true,
  size: { width: 4000, height: 3000 },
  drawn: 0,
  uploads: 0,
  /** The results of the next calls of `uploadFile`: an error, or undefined for success. */
  breaks: [] as (Error | undefined)[],
  sent: [] as string[],
  /** If set, requests for an upload fail with a connection error of this reason. */
  noUpload: undefined as string | undefined,
  isRepeated: undefined as boolean | undefined,
  reports: [] as PictureReport[],
  /** True if the upload already has a code. Then the service rejects a check. */
  isIssued: false,
  open: (): Promise<void> => Promise.resolve(),
  released: 0,
  issued: [] as unknown[],
}));
vi.mock("../../words/language", async () => ({ language: (await import("@preact/signals")).signal("en") }));
vi.mock("../../api/session", async () => ({ onEnd: [], session: (await import("@preact/signals")).signal(undefined) }));
vi.mock("../../api/client", () => {
  class ProblemError extends Error {
    constructor(readonly problem: object) {
      super();
    }
  }
  class ConnectionError extends Error {
    constructor(readonly reason: string) {
      super();
    }
  }
  const POST = (path: string, { body }: { body: unknown }) => {
    if (path.endsWith("/uploads") && outside.noUpload !== undefined) return Promise.reject(new ConnectionError(outside.noUpload));
    if (path.endsWith("/uploads")) return { upload_id: `upload-${++outside.uploads}`, expires_at: "2999-01-01T00:00:00Z", face: { url: `face-${outside.uploads}` }, signature: { url: `signature-${outside.uploads}` } };
    if (path.endsWith("/check")) return outside.isIssued ? Promise.reject(new ProblemError({ code: "upload_issued" })) : outside.reports.shift();
    outside.issued.push(body);
    return {};
  };
  return { ProblemError, ConnectionError, api: { POST }, responseData: (value: unknown) => Promise.resolve(value) };
});
vi.mock("../../api/upload", async () => {
  const { ConnectionError } = await import("../../api/client");
  class UploadRejected extends ConnectionError {
    constructor(readonly isStale: boolean) {
      super("broken");
    }
  }
  const uploadFile = ({ url }: { url: string }) => {
    outside.sent.push(url);
    const error = outside.breaks.shift();
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  return { UploadRejected, uploadFile, sha256: async (file: Blob) => `hash of ${await file.text()}` };
});
vi.mock("../../api/retry", () => ({
  mayPass: () => true,
  withRetries: (task: () => Promise<unknown>, { isTemporary }: { isTemporary?: (error: unknown) => boolean }) =>
    task().catch((error: unknown) => {
      outside.isRepeated = isTemporary?.(error) ?? true;
      throw error;
    }),
}));
vi.mock("./locate", () => ({ locateFace: () => outside.locate() }));
vi.mock("./picture/decode", () => ({
  canSendUnchanged: ({ minSize }: { minSize: { width: number } }, { size }: OpenedPicture) => outside.isPlain && size.width === minSize.width,
  openPicture: (file: File): Promise<OpenedPicture> => outside.open().then(() => ({ file, size: outside.size, preview: {} as ImageBitmap, inspection: { format: "jpeg", completeness: "complete" } })),
  cropToJpeg: () => Promise.resolve({ file: new Blob([`drawn ${++outside.drawn}`]), width: 800, height: 1200 }),
  release: () => (outside.released += 1),
}));

for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);

const draft = await import("./draft");
const { ConnectionError, ProblemError } = await import("../../api/client");
const { UploadRejected } = await import("../../api/upload");
const file = () => new File(["picture"], "picture.jpg");
const settle = () => new Promise((resolve) => setTimeout(resolve));
const face = () => {
  const chosen = draft.pictures.value.face;
  if (chosen === undefined) throw new Error("no picture");
  return chosen;
};

/** A head in the right half of the picture, with a crop for each document. */
const LOCATION: FaceLocation = {
  face: { left_eye: { x: 0.67, y: 0.4 }, right_eye: { x: 0.73, y: 0.4 }, chin: { x: 0.7, y: 0.6 }, crown: { x: 0.7, y: 0.2 }, roll: 0 },
  crops: (["standard", "identity_card"] as const).map((profile) => ({ profile, centre: { x: 0.7, y: 0.46 }, width: profile === "standard" ? 0.36 : 0.33, height: 0.7, rotation: 0, outside: [] })),
};

function laterAnswer(): (location: FaceLocation | undefined) => Promise<unknown> {
  let answer: (location: FaceLocation | undefined) => void = () => undefined;
  const response = new Promise<FaceLocation | undefined>((resolve) => (answer = resolve));
  outside.locate = () => response;
  return (location) => {
    answer(location);
    return settle();
  };
}

beforeEach(() => {
  draft.nextCustomer();
  draft.profile.value = "standard";
  Object.assign(outside, { isPlain: true, size: { width: 4000, height: 3000 }, drawn: 0, uploads: 0, breaks: [], sent: [], noUpload: undefined, isRepeated: undefined, reports: [], isIssued: false, open: () => Promise.resolve(), released: 0, issued: [] });
});

test("the frame is placed on the face when the answer comes", async () => {
  const answer = laterAnswer();
  await draft.choosePicture("face", file());
  expect(face()).toMatchObject({ face: "searching", crop: face().initialCrop });
  await answer(LOCATION);
  expect(face().crop.x).toBeCloseTo(2800);
  expect(face().isCorrected).toBe(false);
});

test("a late answer does not undo what the photographer has moved, and can be applied on request", async () => {
  const answer = laterAnswer();
  await draft.choosePicture("face", file());
  const moved = { ...face().crop, width: 1000 };
  draft.setCrop("face", moved);
  await answer(LOCATION);
  expect(face().crop).toEqual(moved);
  draft.placeAutomatically();
  expect(face().crop).toEqual(face().placement?.crop);
});

test("a late answer does not move a crop that the photographer has accepted, nor the picture of the next customer", async () => {
  const answer = laterAnswer();
  await draft.choosePicture("face", file());
  await draft.finishPicture("face");
  const accepted = face().finished;
  await answer(LOCATION);
  expect(face()).toMatchObject({ crop: face().initialCrop, finished: accepted });
  const second = laterAnswer();
  await draft.choosePicture("face", file());
  draft.nextCustomer();
  outside.locate = () => new Promise(() => undefined);
  await draft.choosePicture("face", file());
  await second(LOCATION);
  expect(face().crop).toEqual(face().initialCrop);
});

test("without an answer everything is as if there were no search", async () => {
  const answer = laterAnswer();
  await draft.choosePicture("face", file());
  await answer(undefined);
  expect(face()).toMatchObject({ face: "not_found", crop: face().initialCrop });
  await draft.choosePicture("signature", file());
  expect(draft.pictures.value.signature?.face).toBeUndefined();
});

test("another document places the frame anew, unless the photographer has corrected it", async () => {
  outside.locate = () => Promise.resolve(LOCATION);
  await draft.choosePicture("face", file());
  await settle();
  const { width } = face().crop;
  draft.changeProfile("identity_card");
  expect(face().crop.width).not.toBeCloseTo(width);
  expect(face().crop).toEqual(face().placement?.crop);
  const moved = { ...face().crop, x: 2500 };
  draft.setCrop("face", moved);
  draft.changeProfile("standard");
  expect(face().crop).toMatchObject({ x: 2500, y: moved.y });
});

test("a file that follows every rule is left as it is if its head meets the limits", async () => {
  outside.size = { width: 800, height: 1200 };
  const eyes = (HEAD_LIMITS.standard.eyeLine.min + HEAD_LIMITS.standard.eyeLine.max) / 2 + 0.02;
  outside.locate = () => Promise.resolve({ ...LOCATION, face: { left_eye: { x: 0.42, y: eyes }, right_eye: { x: 0.6, y: eyes }, chin: { x: 0.5, y: eyes + 0.27 }, crown: { x: 0.5, y: eyes - 0.27 }, roll: 0 } });
  await draft.choosePicture("face", file());
  await settle();
  expect(draft.sendsOriginal("face", face())).toBe(true);
});

const rejected: PictureReport = { upload_id: "u", profile: "standard", ok: false, images: [{ kind: "face", ok: false, findings: [{ rule: "file_whole", severity: "error", ok: false }] }] };
const accepted: PictureReport = { upload_id: "u", profile: "standard", ok: true, images: [] };

test("a file that the service rejects as a file is drawn anew once, and checked again", async () => {
  outside.size = { width: 800, height: 1200 };
  await draft.choosePicture("face", file());
  await draft.finishPicture("face");
  expect(face().finished?.isOriginalFile).toBe(true);
  outside.reports = [rejected, accepted];
  await draft.uploadAndCheck();
  expect([face().finished?.isOriginalFile, outside.drawn, draft.currentReport.value]).toEqual([false, 1, undefined]);
  await draft.uploadAndCheck();
  expect(draft.currentReport.value?.report.ok).toBe(true);
  expect(outside.uploads).toBe(2);
});

test("a picture that was already drawn anew is reported, not drawn again", async () => {
  outside.isPlain = false;
  outside.reports = [rejected];
  await draft.choosePicture("face", file());
  await draft.finishPicture("face");
  await draft.uploadAndCheck();
  expect([outside.drawn, draft.currentReport.value?.report.ok]).toEqual([1, false]);
});

test("the reason for issuing without a face belongs to the current pictures alone", async () => {
  const noFace: PictureReport = { ...rejected, may_issue_without_face: true, images: [{ kind: "face", ok: false, findings: [{ rule: "faces", severity: "error", ok: false, measured: 0 }] }] };
  outside.reports = [noFace];
  await draft.choosePicture("face", file());
  await draft.finishPicture("face");
  await draft.uploadAndCheck();
  expect(draft.mayIssue.value).toBe(false);
  draft.withoutFace.value = { reason: "other", text: "bandage" };
  expect(draft.mayIssue.value).toBe(true);
  await draft.issueCode();
  expect(outside.issued).toEqual([expect.objectContaining({ without_face: { reason: "other", text: "bandage" } })]);
  expect(draft.withoutFace.value).toBeUndefined();
});

async function chooseBoth() {
  for (const kind of ["face", "signature"] as const) {
    await draft.choosePicture(kind, file());
    await draft.finishPicture(kind);
  }
}

test("a file that the bucket rejects because its URL is stale is sent with a new upload, once", async () => {
  outside.reports = [accepted, accepted];
  await chooseBoth();
  outside.breaks = [undefined, new UploadRejected(true)];
  await draft.uploadAndCheck();
  expect(outside.sent).toEqual(["face-1", "signature-1", "face-2", "signature-2"]);
  expect([draft.job.value.phase, draft.currentReport.value?.report.ok]).toEqual(["done", true]);
});

test("a file that is rejected for a new URL too, or for a reason that no URL changes, is not sent again by itself", async () => {
  await chooseBoth();
  outside.breaks = [new UploadRejected(true), new UploadRejected(true)];
  await draft.uploadAndCheck();
  expect([draft.job.value.phase, outside.sent]).toEqual(["failed", ["face-1", "face-2"]]);
  Object.assign(outside, { sent: [], breaks: [new UploadRejected(false)] });
  await draft.uploadAndCheck();
  expect([draft.job.value.phase, outside.sent]).toEqual(["failed", ["face-3"]]);
});

test("after a failure only the missing picture is sent", async () => {
  outside.reports = [accepted];
  await chooseBoth();
  outside.breaks = [undefined, new ConnectionError("interrupted")];
  await draft.uploadAndCheck();
  expect(draft.job.value.phase).toBe("failed");
  await draft.uploadAndCheck();
  expect(outside.sent).toEqual(["face-1", "signature-1", "signature-1"]);
  expect(draft.job.value.phase).toBe("done");
});

test("a cancelled upload reports nothing, keeps the pictures, and can begin again", async () => {
  outside.reports = [accepted, accepted];
  await chooseBoth();
  const running = draft.uploadAndCheck();
  draft.cancelUpload();
  await running;
  expect([draft.job.value.phase, draft.currentReport.value, Object.keys(draft.pictures.value)]).toEqual(["idle", undefined, ["face", "signature"]]);
  await draft.uploadAndCheck();
  expect(draft.currentReport.value?.report.ok).toBe(true);
});

test.each([
  ["offline", false],
  ["interrupted", true],
])("a request for an upload that is %s is tried again: %s", async (reason, isRepeated) => {
  outside.noUpload = reason;
  await chooseBoth();
  await draft.uploadAndCheck();
  expect([draft.job.value.phase, outside.isRepeated, outside.uploads]).toEqual(["failed", isRepeated, 0]);
});

test("the reference is sent as the service stores it, and an empty one is left out", async () => {
  for (const typed of ["  Α-17\u200b ", " "]) {
    outside.reports = [accepted];
    await chooseBoth();
    await draft.uploadAndCheck();
    draft.recipient.value = { ...draft.recipient.value, reference: typed };
    await draft.issueCode();
  }
  expect(outside.issued).toMatchObject([{ reference: "Α-17" }, {}]);
  expect(outside.issued[1]).not.toHaveProperty("reference");
});

test("once the code is issued, nothing that was entered for the customer is left", async () => {
  outside.reports = [accepted];
  draft.profile.value = "identity_card";
  await chooseBoth();
  await draft.uploadAndCheck();
  draft.recipient.value = { kind: "email", mobile: "6900000000", email: "maria@example.gr", language: "en", reminder: true, reference: "Α-17" };
  draft.withoutFace.value = { reason: "other", text: "bandage" };
  await draft.issueCode();
  const left = [draft.pictures, draft.recipient, draft.withoutFace, draft.report, draft.uploadId, draft.job].map(({ value }) => value as unknown);
  expect(left).toEqual([{}, { kind: "email", mobile: "", email: "", language: "en", reminder: false, reference: "" }, undefined, undefined, undefined, { phase: "idle" }]);
  expect([draft.profile.value, draft.issued.value]).toEqual(["identity_card", {}]);
  draft.nextCustomer();
  expect(draft.issued.value).toBeUndefined();
});

test("an upload whose code was issued, although the response was lost, is kept, so that no second code is issued", async () => {
  outside.reports = [accepted];
  await chooseBoth();
  await draft.uploadAndCheck();
  outside.isIssued = true;
  for (const repeats of [0, 1]) {
    await draft.uploadAndCheck();
    expect([repeats, draft.job.value, draft.uploadId.value, outside.uploads]).toEqual([repeats, { phase: "failed", failure: expect.any(ProblemError) as unknown }, "upload-1", 1]);
  }
});

test("a picture whose decoding ends after the end of the session is not put into the next draft", async () => {
  let opened: () => void = () => undefined;
  outside.open = () => new Promise<void>((resolve) => (opened = resolve));
  const chosen = draft.choosePicture("face", file());
  draft.clearDraft();
  opened();
  await chosen;
  expect([draft.pictures.value, outside.released]).toEqual([{}, 1]);
});
