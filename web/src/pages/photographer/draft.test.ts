import { beforeEach, expect, test, vi } from "vitest";

import type { FaceLocation, PictureReport } from "./api_types";
import type { OpenedPicture } from "./picture/decode";
import { HEAD_LIMITS } from "./picture/profiles";

/** The page's surroundings, which tests do not have: the browser's language, decoder and network. */
const outside = vi.hoisted(() => ({
  locate: (): Promise<FaceLocation | undefined> => Promise.resolve(undefined),
  isPlain: true,
  size: { width: 4000, height: 3000 },
  drawn: 0,
  uploads: 0,
  reports: [] as PictureReport[],
  issued: [] as unknown[],
}));
vi.mock("../../words/language", async () => ({ language: (await import("@preact/signals")).signal("en") }));
vi.mock("../../api/session", async () => ({ onEnd: [], session: (await import("@preact/signals")).signal(undefined) }));
vi.mock("../../api/client", () => {
  class ProblemError extends Error {}
  class ConnectionError extends Error {}
  const POST = (path: string, { body }: { body: unknown }) => {
    if (path.endsWith("/uploads")) return { upload_id: `upload-${++outside.uploads}`, expires_at: "2999-01-01T00:00:00Z", face: {} };
    if (path.endsWith("/check")) return outside.reports.shift();
    outside.issued.push(body);
    return {};
  };
  return { ProblemError, ConnectionError, api: { POST }, responseData: (value: unknown) => Promise.resolve(value) };
});
vi.mock("../../api/upload", () => ({ UploadRejected: class extends Error {}, uploadFile: () => Promise.resolve(), sha256: async (file: Blob) => `hash of ${await file.text()}` }));
vi.mock("./locate", () => ({ locateFace: () => outside.locate() }));
vi.mock("./picture/decode", () => ({
  canSendUnchanged: ({ minSize }: { minSize: { width: number } }, { size }: OpenedPicture) => outside.isPlain && size.width === minSize.width,
  openPicture: (file: File): Promise<OpenedPicture> => Promise.resolve({ file, size: outside.size, preview: {} as ImageBitmap, inspection: { format: "jpeg", completeness: "complete" } }),
  cropToJpeg: () => Promise.resolve({ file: new Blob([`drawn ${++outside.drawn}`]), width: 800, height: 1200 }),
  release: () => undefined,
}));

for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);

const draft = await import("./draft");
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
  Object.assign(outside, { isPlain: true, size: { width: 4000, height: 3000 }, drawn: 0, uploads: 0, reports: [], issued: [] });
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
