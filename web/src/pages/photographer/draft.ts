/*
 * The photo set in progress. It stays in memory while the user visits other pages. It is cleared when its code is issued, or when the
 * session ends.
 */
import { computed, effect, signal } from "@preact/signals";

import { responseData, api, ProblemError, ConnectionError, type Failure, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { mayPass, withRetries } from "../../api/retry";
import { UploadRejected, sha256 } from "../../api/upload";
import { registerUnsentCheck } from "../../shell/unsent";
import { now } from "../../words/clock";
import { language } from "../../words/language";
import type { FaceLocation, PictureReport, WithoutFace } from "./api_types";
import { locateFace } from "./locate";
import { equals, fullFrame, type Crop } from "./picture/crop";
import { cropToJpeg, canSendUnchanged, openPicture, release, type OpenedPicture, type Picture } from "./picture/decode";
import { convertToFrame, fitsUncropped, place, type Placement } from "./picture/placement";
import { KINDS, frameOf, type Kind, type Profile, type Size } from "./picture/profiles";
import { readReference } from "./reference";
import { EXPIRY_MARGIN_MS, needsNewUpload, sendPictures, STALE_UPLOAD_CODES, type Sending, type Wait } from "./send_pictures";
import { mayIssueWithoutFace } from "./without_face";

/** The picture as it will be uploaded. */
export type FinishedPicture = { readonly file: Blob; readonly size: Size; readonly url: string; readonly sha256: string; readonly isOriginalFile: boolean };
export type ChosenPicture = {
  readonly source: OpenedPicture;
  readonly initialCrop: Crop;
  readonly crop: Crop;
  readonly finished?: FinishedPicture | undefined;
  /** State or result of the search for the face. Absent for a signature. */
  readonly face?: FaceSearch;
  /** The best crop for the chosen document (`profile`). Undefined unless the service has found the face. */
  readonly placement?: Placement | undefined;
  /** True if the user has changed or accepted the crop. Then the frame is no longer placed automatically. */
  readonly isCorrected: boolean;
  /**
   * True if the service rejected the user's unchanged file because of its format or colour profile. Then the picture must be encoded again.
   */
  readonly mustRedraw: boolean;
};
export type FaceSearch = "searching" | "not_found" | FaceLocation;
/** The input of the recipient form. `reference` is the photographer's own reference for the customer, as typed. */
export type Recipient = { readonly kind: "mobile" | "email"; readonly mobile: string; readonly email: string; readonly language: "el" | "en"; readonly reminder: boolean; readonly reference: string };

type Upload = Schemas["Upload"];
/** An upload. `fingerprint` identifies the pictures of this upload. Other pictures need another upload. */
export type UploadProgress = { readonly fingerprint: string; readonly upload: Upload; readonly uploaded: ReadonlySet<Kind> };
export type Report = { readonly fingerprint: string; readonly language: string; readonly report: PictureReport };
type Job =
  | { readonly phase: "idle" | "done" }
  | { readonly phase: "preparing" | "checking"; readonly wait?: Wait | undefined }
  | ({ readonly phase: "sending" } & Sending)
  | { readonly phase: "failed"; readonly failure: Failure };

export const EMPTY_RECIPIENT: Recipient = { kind: "mobile", mobile: "", email: "", language: "el", reminder: false, reference: "" };

export const profile = signal<Profile>("standard");
export const pictures = signal<Readonly<Partial<Record<Kind, ChosenPicture>>>>({});
export const job = signal<Job>({ phase: "idle" });
export const report = signal<Report | undefined>(undefined);
export const recipient = signal<Recipient>(EMPTY_RECIPIENT);
/** The photographer's reason for issuing a code although no face was found. */
export const withoutFace = signal<WithoutFace | undefined>(undefined);
export const issued = signal<Schemas["Issuance"] | undefined>(undefined);
/** True if the browser has stored the pictures in their current state, so that they survive a reload (stored/draft_storage.ts). */
export const isStored = signal(false);
export const uploadProgress = signal<UploadProgress | undefined>(undefined);

export const finishedPictures = computed(() => KINDS.flatMap((kind) => (pictures.value[kind]?.finished === undefined ? [] : [{ kind, picture: pictures.value[kind].finished }])));
/** True if there is at least one picture and all pictures are cropped. */
export const isComplete = computed(() => finishedPictures.value.length > 0 && KINDS.every((kind) => pictures.value[kind] === undefined || pictures.value[kind].finished !== undefined));
const fingerprint = computed(() => [profile.value, ...finishedPictures.value.map(({ kind, picture }) => `${kind}:${picture.sha256}`)].join(" "));
/** The service's report, if it is about the current pictures. */
export const currentReport = computed(() => (report.value?.fingerprint === fingerprint.value ? report.value : undefined));

/** True if a code can be issued for the current pictures. */
export const mayIssue = computed(() => {
  const current = currentReport.value?.report;
  return current !== undefined && (current.ok || (withoutFace.value !== undefined && mayIssueWithoutFace(current)));
});

/** Adds a picture to the draft of the current customer. Drops the picture if the draft is cleared while the picture is decoded. */
export async function choosePicture(kind: Kind, file: File): Promise<void> {
  const customer = currentCustomer();
  const source = await openPicture(file);
  if (customer !== currentCustomer()) return release(source.preview);
  const initialCrop = fullFrame(frameOf(profile.value, kind), source.size);
  releasePicture(pictures.value[kind]);
  const chosen: ChosenPicture = { source, initialCrop, crop: initialCrop, isCorrected: false, mustRedraw: false };
  pictures.value = { ...pictures.value, [kind]: kind === "face" ? { ...chosen, face: "searching" } : chosen };
  if (kind === "face") void searchFace(source);
}

/** Places the frame as soon as the service has found the face, unless the user has already changed or accepted the crop. */
export async function searchFace(source: OpenedPicture): Promise<void> {
  const location = await locateFace(source.preview);
  const chosen = pictures.value.face;
  if (chosen?.source === source) pictures.value = { ...pictures.value, face: withPlacement({ ...chosen, face: location ?? "not_found" }) };
}

/**
 * Computes the best crop for the chosen document (`placement`) if the face was found. Applies this crop unless the user has already changed
 * or accepted a crop.
 */
function withPlacement(chosen: ChosenPicture): ChosenPicture {
  const { face, source } = chosen;
  if (face === undefined || face === "searching" || face === "not_found") return chosen;
  const frame = frameOf(profile.value, "face");
  const mayStay = canSendUnchanged(frame, source) && fitsUncropped(frame, profile.value, source.size, face);
  const placement = mayStay ? { crop: chosen.initialCrop, outside: [] } : place(frame, profile.value, source.size, face);
  return { ...chosen, placement, crop: chosen.isCorrected ? chosen.crop : (placement?.crop ?? chosen.crop) };
}

/** Discards the user's changes of the crop and restores the automatic placement. */
export function placeAutomatically(): void {
  const chosen = pictures.value.face;
  if (chosen !== undefined) pictures.value = { ...pictures.value, face: withPlacement({ ...chosen, isCorrected: false }) };
}

export function removePicture(kind: Kind): void {
  releasePicture(pictures.value[kind]);
  pictures.value = Object.fromEntries(Object.entries(pictures.value).filter(([name]) => name !== kind));
}

/** Changes the document for which the pictures are made. If the new document needs another frame, the user must crop the picture again. */
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

/** Stores a crop while the user still edits it. */
export function setCrop(kind: Kind, crop: Crop): void {
  const chosen = pictures.value[kind];
  if (chosen !== undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, crop, isCorrected: true } };
}

/**
 * Returns whether the chosen file will be uploaded as it is. This requires that the crop has not been changed, that the file follows all
 * rules, and that the service has not rejected the file.
 */
export function sendsOriginal(kind: Kind, { source, crop, initialCrop, mustRedraw }: ChosenPicture): boolean {
  return !mustRedraw && canSendUnchanged(frameOf(profile.value, kind), source) && equals(crop, initialCrop);
}

/** Creates the picture to upload. */
export async function finishPicture(kind: Kind): Promise<void> {
  const chosen = pictures.value[kind];
  if (chosen === undefined) return;
  const { source, crop } = chosen;
  const isOriginalFile = sendsOriginal(kind, chosen);
  // The user has accepted the crop. If the service finds the face later, it must not change the crop.
  if (chosen.placement === undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, isCorrected: true } };
  const picture = isOriginalFile ? { file: source.file as Blob, ...source.size } : await cropToJpeg(frameOf(profile.value, kind), source, crop);
  await finishWith(kind, chosen, picture, isOriginalFile);
}

/** Stores the picture that was made from the chosen file. */
export async function finishWith(kind: Kind, chosen: ChosenPicture, picture: Picture, isOriginalFile = false): Promise<void> {
  const digest = await sha256(picture.file);
  // While the picture was made, the user may have chosen another file.
  const current = pictures.value[kind];
  if (current?.source !== chosen.source) return;
  releaseFinished(current);
  const finished = { file: picture.file, size: { width: picture.width, height: picture.height }, url: URL.createObjectURL(picture.file), sha256: digest, isOriginalFile };
  pictures.value = { ...pictures.value, [kind]: { ...current, crop: chosen.crop, finished } };
}

/** Returns whether the rule is about the file itself. If an unchanged file breaks such a rule, encoding the picture again may help. */
const isFileRule = (rule: string) => rule.startsWith("file_") || rule === "colour_profile";

/**
 * If the service rejected a file that was uploaded unchanged, encodes the picture again, but only once. Returns true if there were such
 * files and all their pictures could be encoded.
 */
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
      // Encoding fails if the picture is too large for the device's memory. The user then sees the report about the rejected file.
      return false;
    }
  }
  return rejected.length > 0;
}

/**
 * Uploads the pictures that are not uploaded yet, and requests the service's check. Continues while the user visits other pages, and
 * retries failed requests. After a failure the function can be called again, and resumes with the missing pictures.
 */
export async function uploadAndCheck(): Promise<void> {
  if (isUploading.value) return;
  run = new AbortController();
  const { signal } = run;
  const uploadFingerprint = fingerprint.value;
  const setJob = (next: Job) => {
    if (!signal.aborted) job.value = next;
  };
  try {
    const checkLanguage = language.value;
    const pictureReport = await sendAndCheck(uploadFingerprint, signal, setJob).catch((error: unknown) => {
      if (signal.aborted || !needsNewUpload(error)) throw error;
      uploadProgress.value = undefined;
      return sendAndCheck(uploadFingerprint, signal, setJob);
    });
    // Encoding a picture again aborts this upload, and the page starts another one with the new picture.
    if (!signal.aborted && (await redrawRejectedFiles(pictureReport))) return;
    if (!signal.aborted) report.value = { fingerprint: uploadFingerprint, language: checkLanguage, report: pictureReport };
    setJob({ phase: "done" });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof UploadRejected || (error instanceof ProblemError && STALE_UPLOAD_CODES.has(error.problem.code))) uploadProgress.value = undefined;
    if (!(error instanceof ProblemError || error instanceof ConnectionError)) console.error(error);
    setJob({ phase: "failed", failure: error instanceof ProblemError || error instanceof ConnectionError ? error : new ConnectionError("broken") });
  }
}

async function sendAndCheck(uploadFingerprint: string, signal: AbortSignal, setJob: (next: Job) => void): Promise<PictureReport> {
  setJob({ phase: "preparing" });
  // If there is no network at the beginning of an upload, the page says so at once instead of waiting.
  const isTemporary = (error: unknown) => mayPass(error) && !(error instanceof ConnectionError && error.reason === "offline");
  const upload = await withRetries(() => uploadFor(uploadFingerprint, signal), { signal, isTemporary, onWait: (wait) => setJob({ phase: "preparing", wait }) });
  const parts = finishedPictures.value.flatMap(({ kind, picture }) => {
    const target = upload[kind];
    return uploadProgress.value?.uploaded.has(kind) === true || target === undefined ? [] : [{ kind, file: picture.file, target }];
  });
  await sendPictures(parts, {
    signal,
    onProgress: (sending) => setJob({ phase: "sending", ...sending }),
    onSent: (kind) => {
      if (uploadProgress.value?.upload === upload) uploadProgress.value = { ...uploadProgress.value, uploaded: new Set([...uploadProgress.value.uploaded, kind]) };
    },
  });
  setJob({ phase: "checking" });
  const check = (): Promise<PictureReport> => responseData(api.POST("/v1/photographer/uploads/{upload}/check", { params: { path: { upload: upload.upload_id } }, body: {} }));
  return withRetries(check, { signal, onWait: (wait) => setJob({ phase: "checking", wait }) });
}

/** Returns whether an upload or a check is running, or waits for its next try. */
export const isUploading = computed(() => job.value.phase === "preparing" || job.value.phase === "sending" || job.value.phase === "checking");

/** Stops a running upload. The pictures stay in the draft. A picture that was sent completely is not sent again. */
export function cancelUpload(): void {
  run.abort();
  job.value = { phase: "idle" };
}

/** Aborts the latest upload when the user cancels it or the pictures change. */
let run = new AbortController();
effect(() => {
  // eslint-disable-next-line @typescript-eslint/no-unused-expressions -- subscribes to the signal
  fingerprint.value;
  cancelUpload();
  withoutFace.value = undefined;
});

async function uploadFor(uploadFingerprint: string, signal: AbortSignal): Promise<Upload> {
  const progress = uploadProgress.value;
  const isFullyUploaded = progress?.fingerprint === uploadFingerprint && finishedPictures.value.every(({ kind }) => progress.uploaded.has(kind));
  if (progress?.fingerprint === uploadFingerprint && (isFullyUploaded || Date.parse(progress.upload.expires_at) - now() > EXPIRY_MARGIN_MS)) return progress.upload;
  const declared = Object.fromEntries(finishedPictures.value.map(({ kind, picture }) => [kind, { bytes: picture.file.size, sha256: picture.sha256 }]));
  const upload = await responseData(api.POST("/v1/photographer/uploads", { body: { profile: profile.value, ...declared } }));
  // If the upload was cancelled while the request ran, no data of this customer may remain.
  signal.throwIfAborted();
  uploadProgress.value = { fingerprint: uploadFingerprint, upload, uploaded: new Set() };
  return upload;
}

/** Returns the request that issues the code, without `upload_id`. */
export function issuanceRequest() {
  const { kind, mobile, email, language, reminder, reference } = recipient.value;
  const value = kind === "mobile" ? mobile : email;
  const exception = currentReport.value?.report.ok === true || withoutFace.value === undefined ? {} : { without_face: withoutFace.value };
  const ownReference = readReference(reference);
  return { recipient: { kind, value }, language, reminder, ...exception, ...(ownReference === "" ? {} : { reference: ownReference }) };
}

/** Issues the code. Repeating the call after a lost response is safe, because an upload has only one code number. */
export async function issueCode(): Promise<void> {
  const progress = uploadProgress.value;
  if (progress?.fingerprint !== fingerprint.value) return;
  try {
    issued.value = await responseData(api.POST("/v1/photographer/issuances", { body: { upload_id: progress.upload.upload_id, ...issuanceRequest() } }));
  } catch (error) {
    if (error instanceof ProblemError && (error.problem.code === "bad_picture" || STALE_UPLOAD_CODES.has(error.problem.code))) {
      uploadProgress.value = undefined;
      report.value = undefined;
      job.value = { phase: "idle" };
    }
    throw error;
  }
  clearCustomer();
}

/** Returns the upload of the current pictures, if there is one. */
export const currentUpload = (): UploadProgress | undefined => (uploadProgress.value?.fingerprint === fingerprint.value ? uploadProgress.value : undefined);

/** ID of the upload. If a response was lost, the service may already have issued a code for this upload. */
export const uploadId = computed(() => uploadProgress.value?.upload.upload_id);

/** Number of customers whose drafts were cleared so far. */
let cleared = 0;

/** Returns a number that identifies the draft's customer within this page. The number changes when the draft is cleared. */
export const currentCustomer = (): number => cleared;

/**
 * Clears this customer's data, including `issued`, which the page about the code shows. The chosen document, the kind of recipient and the
 * language stay for the next customer.
 */
export function nextCustomer(): void {
  clearCustomer();
  issued.value = undefined;
}

/** Clears this customer's data except `issued`. */
function clearCustomer(): void {
  cleared += 1;
  recipient.value = { ...EMPTY_RECIPIENT, kind: recipient.value.kind, language: recipient.value.language };
  withoutFace.value = undefined;
  cancelUpload();
  for (const kind of KINDS) releasePicture(pictures.value[kind]);
  pictures.value = {};
  uploadProgress.value = undefined;
  report.value = undefined;
}

export function releasePicture(chosen: ChosenPicture | undefined): void {
  if (chosen === undefined) return;
  release(chosen.source.preview);
  releaseFinished(chosen);
}

function releaseFinished(chosen: ChosenPicture): void {
  if (chosen.finished !== undefined) URL.revokeObjectURL(chosen.finished.url);
}

export function clearDraft(): void {
  nextCustomer();
  recipient.value = EMPTY_RECIPIENT;
  profile.value = "standard";
}

onEnd.push(clearDraft);
registerUnsentCheck(() => Object.keys(pictures.value).length > 0);

/** The draft belongs to one business, so it is cleared when the session switches to another business. */
let business: string | undefined;
effect(() => {
  const now = session.value?.role?.business?.id;
  if (now === business) return;
  if (business !== undefined) queueMicrotask(clearDraft);
  business = now;
});

/** Closing the page would lose pictures that are not stored, so the browser asks first. */
const warnBeforeUnload = (event: BeforeUnloadEvent) => event.preventDefault();
effect(() => {
  if (Object.keys(pictures.value).length > 0 && !isStored.value) addEventListener("beforeunload", warnBeforeUnload);
  else removeEventListener("beforeunload", warnBeforeUnload);
});
