/* The photo set in progress. It stays in memory while other pages are open, and is cleared when it is sent or the session ends. */
import { computed, effect, signal } from "@preact/signals";

import { responseData, api, ProblemError, ConnectionError, type Failure, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { UploadRejected, uploadFile, sha256 } from "../../api/upload";
import { registerUnsentCheck } from "../../shell/unsent";
import { now } from "../../words/clock";
import { language } from "../../words/language";
import type { FaceLocation, PictureReport, WithoutFace } from "./api_types";
import { locateFace } from "./locate";
import { equals, fullFrame, type Crop } from "./picture/crop";
import { cropToJpeg, canSendUnchanged, openPicture, release, type OpenedPicture, type Picture } from "./picture/decode";
import { convertToFrame, fitsUncropped, place, type Placement } from "./picture/placement";
import { KINDS, frameOf, type Kind, type Profile, type Size } from "./picture/profiles";
import { mayIssueWithoutFace } from "./without_face";

/** A picture as it will be uploaded. */
export type FinishedPicture = { readonly file: Blob; readonly size: Size; readonly url: string; readonly sha256: string; readonly isOriginalFile: boolean };
export type ChosenPicture = {
  readonly source: OpenedPicture;
  readonly initialCrop: Crop;
  readonly crop: Crop;
  readonly finished?: FinishedPicture | undefined;
  /** The search for the face. Absent for a signature. */
  readonly face?: FaceSearch;
  /** Where the face belongs in the frame of the current document. */
  readonly placement?: Placement | undefined;
  /** Whether the user has changed or accepted the crop. Then it is no longer placed automatically. */
  readonly isCorrected: boolean;
  /** Whether the service has rejected the file itself, so that it must be drawn anew. */
  readonly mustRedraw: boolean;
};
export type FaceSearch = "searching" | "not_found" | FaceLocation;
export type Recipient = { readonly kind: "mobile" | "email"; readonly mobile: string; readonly email: string; readonly language: "el" | "en"; readonly reminder: boolean };

type Upload = Schemas["Upload"];
/** An upload. The fingerprint identifies its pictures, because other pictures need another upload. */
type UploadProgress = { readonly fingerprint: string; readonly upload: Upload; readonly uploaded: ReadonlySet<Kind> };
export type Report = { readonly fingerprint: string; readonly language: string; readonly report: PictureReport };
type Job = { readonly phase: "idle" | "preparing" | "checking" | "done" } | { readonly phase: "sending"; readonly sent: Readonly<Partial<Record<Kind, number>>> } | { readonly phase: "failed"; readonly failure: Failure };

const EMPTY_RECIPIENT: Recipient = { kind: "mobile", mobile: "", email: "", language: "el", reminder: false };

export const profile = signal<Profile>("standard");
export const pictures = signal<Readonly<Partial<Record<Kind, ChosenPicture>>>>({});
export const job = signal<Job>({ phase: "idle" });
export const report = signal<Report | undefined>(undefined);
export const recipient = signal<Recipient>(EMPTY_RECIPIENT);
/** Why a code is issued although no face was found. */
export const withoutFace = signal<WithoutFace | undefined>(undefined);
export const issued = signal<Schemas["Issuance"] | undefined>(undefined);
const uploadProgress = signal<UploadProgress | undefined>(undefined);

export const finishedPictures = computed(() => KINDS.flatMap((kind) => (pictures.value[kind]?.finished === undefined ? [] : [{ kind, picture: pictures.value[kind].finished }])));
/** Whether there is at least one picture and all pictures are cropped. */
export const isComplete = computed(() => finishedPictures.value.length > 0 && KINDS.every((kind) => pictures.value[kind] === undefined || pictures.value[kind].finished !== undefined));
const fingerprint = computed(() => [profile.value, ...finishedPictures.value.map(({ kind, picture }) => `${kind}:${picture.sha256}`)].join(" "));
/** The report, if it belongs to the current pictures. */
export const currentReport = computed(() => (report.value?.fingerprint === fingerprint.value ? report.value : undefined));

/** Whether a code can be issued for the current pictures. */
export const mayIssue = computed(() => {
  const current = currentReport.value?.report;
  return current !== undefined && (current.ok || (withoutFace.value !== undefined && mayIssueWithoutFace(current)));
});

export async function choosePicture(kind: Kind, file: File): Promise<void> {
  const source = await openPicture(file);
  const initialCrop = fullFrame(frameOf(profile.value, kind), source.size);
  releasePicture(pictures.value[kind]);
  const chosen: ChosenPicture = { source, initialCrop, crop: initialCrop, isCorrected: false, mustRedraw: false };
  pictures.value = { ...pictures.value, [kind]: kind === "face" ? { ...chosen, face: "searching" } : chosen };
  if (kind === "face") void searchFace(source);
}

/** Places the frame as soon as the service has found the face, unless the user was faster. */
async function searchFace(source: OpenedPicture): Promise<void> {
  const location = await locateFace(source.preview);
  const chosen = pictures.value.face;
  if (chosen?.source === source) pictures.value = { ...pictures.value, face: withPlacement({ ...chosen, face: location ?? "not_found" }) };
}

/** Returns the face photo placed for the current document. A crop that the user has corrected stays. */
function withPlacement(chosen: ChosenPicture): ChosenPicture {
  const { face, source } = chosen;
  if (face === undefined || face === "searching" || face === "not_found") return chosen;
  const frame = frameOf(profile.value, "face");
  const mayStay = canSendUnchanged(frame, source) && fitsUncropped(frame, profile.value, source.size, face);
  const placement = mayStay ? { crop: chosen.initialCrop, outside: [] } : place(frame, profile.value, source.size, face);
  return { ...chosen, placement, crop: chosen.isCorrected ? chosen.crop : (placement?.crop ?? chosen.crop) };
}

/** Undoes the user's corrections of the automatic placement. */
export function placeAutomatically(): void {
  const chosen = pictures.value.face;
  if (chosen !== undefined) pictures.value = { ...pictures.value, face: withPlacement({ ...chosen, isCorrected: false }) };
}

export function removePicture(kind: Kind): void {
  releasePicture(pictures.value[kind]);
  pictures.value = Object.fromEntries(Object.entries(pictures.value).filter(([name]) => name !== kind));
}

/** Changes the document. Pictures whose frame changes have to be cropped again. */
export function changeProfile(to: Profile): void {
  const from = profile.value;
  profile.value = to;
  pictures.value = Object.fromEntries(
    Object.entries(pictures.value).map(([kind, chosen]) => {
      const frame = frameOf(to, kind as Kind);
      if (frame === frameOf(from, kind as Kind)) return [kind, chosen];
      releaseFinished(chosen);
      const initialCrop = fullFrame(frame, chosen.source.size);
      const crop = chosen.isCorrected ? convertToFrame(frameOf(from, kind as Kind), frame, chosen.source.size, chosen.crop) : initialCrop;
      return [kind, withPlacement({ ...chosen, finished: undefined, initialCrop, crop })];
    }),
  );
}

/** Stores a crop that is still being edited. */
export function setCrop(kind: Kind, crop: Crop): void {
  const chosen = pictures.value[kind];
  if (chosen !== undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, crop, isCorrected: true } };
}

/** Returns whether the file itself will be uploaded: the user changed nothing, and the file follows all rules. */
export function sendsOriginal(kind: Kind, { source, crop, initialCrop, mustRedraw }: ChosenPicture): boolean {
  return !mustRedraw && canSendUnchanged(frameOf(profile.value, kind), source) && equals(crop, initialCrop);
}

/** Creates the picture to upload. */
export async function finishPicture(kind: Kind): Promise<void> {
  const chosen = pictures.value[kind];
  if (chosen === undefined) return;
  const { source, crop } = chosen;
  const isOriginalFile = sendsOriginal(kind, chosen);
  // From here on the crop is accepted. The face may be found later, and must not move it.
  if (chosen.placement === undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, isCorrected: true } };
  const picture = isOriginalFile ? { file: source.file as Blob, ...source.size } : await cropToJpeg(frameOf(profile.value, kind), source, crop);
  await finishWith(kind, chosen, picture, isOriginalFile);
}

/** Uses a picture that was made from the chosen file. */
export async function finishWith(kind: Kind, chosen: ChosenPicture, picture: Picture, isOriginalFile = false): Promise<void> {
  const digest = await sha256(picture.file);
  // Another file may have been chosen in the meantime.
  const current = pictures.value[kind];
  if (current?.source !== chosen.source) return;
  releaseFinished(current);
  const finished = { file: picture.file, size: { width: picture.width, height: picture.height }, url: URL.createObjectURL(picture.file), sha256: digest, isOriginalFile };
  pictures.value = { ...pictures.value, [kind]: { ...current, crop: chosen.crop, finished } };
}

/** Whether the rule is about the file itself. If an unchanged file breaks one of them, the same picture drawn anew may not. */
const isFileRule = (rule: string) => rule.startsWith("file_") || rule === "colour_profile";

/** Draws the files anew that the service rejected as files. Returns whether there are any. Each is drawn anew only once. */
async function redrawRejectedFiles(pictureReport: PictureReport): Promise<boolean> {
  const rejected = pictureReport.images.filter(
    ({ kind, findings }) => pictures.value[kind]?.finished?.isOriginalFile === true && findings.some(({ ok, severity, rule }) => !ok && severity === "error" && isFileRule(rule)),
  );
  for (const { kind } of rejected) {
    const chosen = pictures.value[kind];
    if (chosen === undefined) continue;
    pictures.value = { ...pictures.value, [kind]: { ...chosen, mustRedraw: true } };
    try {
      await finishPicture(kind);
    } catch {
      // The picture does not fit into the memory. The report says what is wrong with the file.
      return false;
    }
  }
  return rejected.length > 0;
}

/**
 * Uploads the pictures that are not uploaded yet, and has them checked. It continues while other pages are open. After a failure it resumes
 * with the missing pictures.
 */
export async function uploadAndCheck(): Promise<void> {
  if (job.value.phase === "preparing" || job.value.phase === "sending" || job.value.phase === "checking") return;
  const thisRun = ++latestRun;
  const uploadFingerprint = fingerprint.value;
  const setJob = (next: Job) => {
    if (thisRun === latestRun) job.value = next;
  };
  try {
    setJob({ phase: "preparing" });
    const upload = await uploadFor(uploadFingerprint);
    const sentBytes: Partial<Record<Kind, number>> = {};
    for (const { kind, picture } of finishedPictures.value) {
      const target = upload[kind];
      if (thisRun !== latestRun) return;
      if (uploadProgress.value?.uploaded.has(kind) === true || target === undefined) continue;
      setJob({ phase: "sending", sent: { ...sentBytes, [kind]: 0 } });
      await uploadFile(target, picture.file, (bytes) => setJob({ phase: "sending", sent: { ...sentBytes, [kind]: bytes } }));
      sentBytes[kind] = picture.file.size;
      if (uploadProgress.value?.upload === upload) uploadProgress.value = { ...uploadProgress.value, uploaded: new Set([...uploadProgress.value.uploaded, kind]) };
    }
    setJob({ phase: "checking" });
    const checkLanguage = language.value;
    const pictureReport: PictureReport = await responseData(api.POST("/v1/photographer/uploads/{upload}/check", { params: { path: { upload: upload.upload_id } }, body: {} }));
    // The change of the pictures cancels this run, and the page checks the new ones.
    if (thisRun === latestRun && (await redrawRejectedFiles(pictureReport))) return;
    if (thisRun === latestRun) report.value = { fingerprint: uploadFingerprint, language: checkLanguage, report: pictureReport };
    setJob({ phase: "done" });
  } catch (error) {
    if (thisRun !== latestRun) return;
    if (error instanceof UploadRejected || (error instanceof ProblemError && STALE_UPLOAD_CODES.has(error.problem.code))) uploadProgress.value = undefined;
    if (!(error instanceof ProblemError || error instanceof ConnectionError)) console.error(error);
    setJob({ phase: "failed", failure: error instanceof ProblemError || error instanceof ConnectionError ? error : new ConnectionError("broken") });
  }
}

/** A change of the pictures cancels a running upload of the previous ones. */
let latestRun = 0;
effect(() => {
  // eslint-disable-next-line @typescript-eslint/no-unused-expressions -- subscribes to the signal
  fingerprint.value;
  latestRun += 1;
  job.value = { phase: "idle" };
  withoutFace.value = undefined;
});

/** Problems after which a retry needs a new upload. */
const STALE_UPLOAD_CODES = new Set(["upload_unknown", "upload_incomplete", "upload_altered", "upload_refused", "upload_issued"]);
/** An upload URL that expires within a minute is not used any more. */
const EXPIRY_MARGIN_MS = 60_000;

async function uploadFor(uploadFingerprint: string): Promise<Upload> {
  const progress = uploadProgress.value;
  const isFullyUploaded = progress?.fingerprint === uploadFingerprint && finishedPictures.value.every(({ kind }) => progress.uploaded.has(kind));
  if (progress?.fingerprint === uploadFingerprint && (isFullyUploaded || Date.parse(progress.upload.expires_at) - now() > EXPIRY_MARGIN_MS)) return progress.upload;
  const declared = Object.fromEntries(finishedPictures.value.map(({ kind, picture }) => [kind, { bytes: picture.file.size, sha256: picture.sha256 }]));
  const upload = await responseData(api.POST("/v1/photographer/uploads", { body: { profile: profile.value, ...declared } }));
  uploadProgress.value = { fingerprint: uploadFingerprint, upload, uploaded: new Set() };
  return upload;
}

/** Issues the code. Repeating the call after a lost response is safe, because an upload has only one code number. */
export async function issueCode(): Promise<void> {
  const progress = uploadProgress.value;
  if (progress?.fingerprint !== fingerprint.value) return;
  const { kind, mobile, email, language, reminder } = recipient.value;
  const value = kind === "mobile" ? mobile : email;
  const exception = currentReport.value?.report.ok === true || withoutFace.value === undefined ? {} : { without_face: withoutFace.value };
  try {
    issued.value = await responseData(api.POST("/v1/photographer/issuances", { body: { upload_id: progress.upload.upload_id, recipient: { kind, value }, language, reminder, ...exception } }));
  } catch (error) {
    if (error instanceof ProblemError && (error.problem.code === "bad_picture" || STALE_UPLOAD_CODES.has(error.problem.code))) {
      uploadProgress.value = undefined;
      report.value = undefined;
      job.value = { phase: "idle" };
    }
    throw error;
  }
  clearPictures();
}

/** ID of the upload. The service may already have issued its code if a response was lost. */
export const uploadId = computed(() => uploadProgress.value?.upload.upload_id);

/** Clears this customer's data. The document, the kind of recipient and the language stay for the next customer. */
export function nextCustomer(): void {
  clearPictures();
  issued.value = undefined;
  recipient.value = { ...EMPTY_RECIPIENT, kind: recipient.value.kind, language: recipient.value.language };
}

function clearPictures(): void {
  for (const kind of KINDS) releasePicture(pictures.value[kind]);
  pictures.value = {};
  uploadProgress.value = undefined;
  report.value = undefined;
  job.value = { phase: "idle" };
}

function releasePicture(chosen: ChosenPicture | undefined): void {
  if (chosen === undefined) return;
  release(chosen.source.preview);
  releaseFinished(chosen);
}

function releaseFinished(chosen: ChosenPicture): void {
  if (chosen.finished !== undefined) URL.revokeObjectURL(chosen.finished.url);
}

function clearDraft(): void {
  nextCustomer();
  recipient.value = EMPTY_RECIPIENT;
  profile.value = "standard";
}

onEnd.push(clearDraft);
registerUnsentCheck(() => Object.keys(pictures.value).length > 0);

/** The draft belongs to one business. It is cleared when the session switches to another. */
let business: string | undefined;
effect(() => {
  const now = session.value?.role?.business?.id;
  if (now === business) return;
  if (business !== undefined) queueMicrotask(clearDraft);
  business = now;
});

/** Closing the page would lose the pictures, so the browser asks first. */
const warnBeforeUnload = (event: BeforeUnloadEvent) => event.preventDefault();
effect(() => {
  if (Object.keys(pictures.value).length > 0) addEventListener("beforeunload", warnBeforeUnload);
  else removeEventListener("beforeunload", warnBeforeUnload);
});
