/* The photo set that is being made: kept while other pages are looked at, forgotten when it is sent, and with the session. */
import { computed, effect, signal } from "@preact/signals";

import { responseData, api, ProblemError, ConnectionError, type Failure, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { UploadRejected, uploadFile, sha256 } from "../../api/upload";
import { registerUnsentCheck } from "../../shell/unsent";
import { language } from "../../words/language";
import { equals, fullFrame, type Crop } from "./picture/crop";
import { cropToJpeg, canSendUnchanged, openPicture, release, type OpenedPicture } from "./picture/decode";
import { KINDS, frameOf, type Kind, type Profile, type Size } from "./picture/profiles";

/** A picture as it will be sent. */
export type FinishedPicture = { readonly file: Blob; readonly size: Size; readonly url: string; readonly sha256: string; readonly isOriginalFile: boolean };
export type ChosenPicture = { readonly source: OpenedPicture; readonly initialCrop: Crop; readonly crop: Crop; readonly finished?: FinishedPicture };
export type Recipient = { readonly kind: "mobile" | "email"; readonly mobile: string; readonly email: string; readonly language: "el" | "en"; readonly reminder: boolean };

type Upload = Schemas["Upload"];
/** What is sent, as one text: another picture makes another upload. */
type UploadProgress = { readonly fingerprint: string; readonly upload: Upload; readonly uploaded: ReadonlySet<Kind> };
export type Report = { readonly fingerprint: string; readonly language: string; readonly report: Schemas["PictureReport"] };
type Job = { readonly phase: "idle" | "preparing" | "checking" | "done" } | { readonly phase: "sending"; readonly sent: Readonly<Partial<Record<Kind, number>>> } | { readonly phase: "failed"; readonly failure: Failure };

const EMPTY_RECIPIENT: Recipient = { kind: "mobile", mobile: "", email: "", language: "el", reminder: false };

export const profile = signal<Profile>("standard");
export const pictures = signal<Readonly<Partial<Record<Kind, ChosenPicture>>>>({});
export const job = signal<Job>({ phase: "idle" });
export const report = signal<Report | undefined>(undefined);
export const recipient = signal<Recipient>(EMPTY_RECIPIENT);
export const issued = signal<Schemas["Issuance"] | undefined>(undefined);
const uploadProgress = signal<UploadProgress | undefined>(undefined);

export const finishedPictures = computed(() => KINDS.flatMap((kind) => (pictures.value[kind]?.finished === undefined ? [] : [{ kind, picture: pictures.value[kind].finished }])));
/** All that was chosen is cropped, and there is something. */
export const isComplete = computed(() => finishedPictures.value.length > 0 && KINDS.every((kind) => pictures.value[kind] === undefined || pictures.value[kind].finished !== undefined));
const fingerprint = computed(() => [profile.value, ...finishedPictures.value.map(({ kind, picture }) => `${kind}:${picture.sha256}`)].join(" "));
/** The report of these very pictures. */
export const currentReport = computed(() => (report.value?.fingerprint === fingerprint.value ? report.value : undefined));

export async function choosePicture(kind: Kind, file: File): Promise<void> {
  const source = await openPicture(file);
  const initialCrop = fullFrame(frameOf(profile.value, kind), source.size);
  releasePicture(pictures.value[kind]);
  pictures.value = { ...pictures.value, [kind]: { opened: source, first: initialCrop, crop: initialCrop } };
}

export function removePicture(kind: Kind): void {
  releasePicture(pictures.value[kind]);
  pictures.value = Object.fromEntries(Object.entries(pictures.value).filter(([name]) => name !== kind));
}

/** Other proportions: what has them no longer is cropped anew. */
export function changeProfile(to: Profile): void {
  const from = profile.value;
  profile.value = to;
  pictures.value = Object.fromEntries(
    Object.entries(pictures.value).map(([kind, chosen]) => {
      const frame = frameOf(to, kind as Kind);
      if (frame === frameOf(from, kind as Kind)) return [kind, chosen];
      releaseFinished(chosen);
      const initialCrop = fullFrame(frame, chosen.source.size);
      return [kind, { source: chosen.source, initialCrop, crop: initialCrop }];
    }),
  );
}

/** Moved, turned, enlarged; not yet taken. */
export function setCrop(kind: Kind, crop: Crop): void {
  const chosen = pictures.value[kind];
  if (chosen !== undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, crop } };
}

/** Makes the picture that will be sent. Where nothing was changed and nothing needs to be, it is the file itself. */
export async function finishPicture(kind: Kind): Promise<void> {
  const chosen = pictures.value[kind];
  if (chosen === undefined) return;
  const frame = frameOf(profile.value, kind);
  const { source, crop } = chosen;
  const isOriginalFile = canSendUnchanged(frame, source) && equals(crop, chosen.initialCrop);
  const picture = isOriginalFile ? { file: source.file as Blob, ...source.size } : await cropToJpeg(frame, source.file, crop);
  const digest = await sha256(picture.file);
  // Meanwhile another file may have been chosen.
  if (pictures.value[kind]?.source !== source) return;
  releaseFinished(chosen);
  const finished = { file: picture.file, size: { width: picture.width, height: picture.height }, url: URL.createObjectURL(picture.file), sha256: digest, isOriginalFile };
  pictures.value = { ...pictures.value, [kind]: { ...chosen, crop, ready: finished } };
}

/** Uploads what is not there yet, and has it checked. It goes on while other pages are looked at; after a failure it goes on from there. */
export async function uploadAndCheck(): Promise<void> {
  if (job.value.phase === "preparing" || job.value.phase === "sending" || job.value.phase === "checking") return;
  const thisRun = ++latestRun;
  const uploadFingerprint = fingerprint.value;
  const setJob = (now: Job) => {
    if (thisRun === latestRun) job.value = now;
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
    const pictureReport = await responseData(api.POST("/v1/photographer/uploads/{upload}/check", { params: { path: { upload: upload.upload_id } }, body: {} }));
    if (thisRun === latestRun) report.value = { fingerprint: uploadFingerprint, language: checkLanguage, report: pictureReport };
    setJob({ phase: "done" });
  } catch (error) {
    if (thisRun !== latestRun) return;
    if (error instanceof UploadRejected || (error instanceof ProblemError && STALE_UPLOAD_CODES.has(error.problem.code))) uploadProgress.value = undefined;
    if (!(error instanceof ProblemError || error instanceof ConnectionError)) console.error(error);
    setJob({ phase: "failed", failure: error instanceof ProblemError || error instanceof ConnectionError ? error : new ConnectionError("broken") });
  }
}

/** Other pictures end what was going on with those before. */
let latestRun = 0;
effect(() => {
  // eslint-disable-next-line @typescript-eslint/no-unused-expressions -- to follow it
  fingerprint.value;
  latestRun += 1;
  job.value = { phase: "idle" };
});

/** Trying again needs new addresses. */
const STALE_UPLOAD_CODES = new Set(["upload_unknown", "upload_incomplete", "upload_altered", "upload_refused", "upload_issued"]);
/** An address that ends within a minute is not worth beginning with. */
const EXPIRY_MARGIN_MS = 60_000;

async function uploadFor(uploadFingerprint: string): Promise<Upload> {
  const progress = uploadProgress.value;
  const isFullyUploaded = progress?.fingerprint === uploadFingerprint && finishedPictures.value.every(({ kind }) => progress.uploaded.has(kind));
  if (progress?.fingerprint === uploadFingerprint && (isFullyUploaded || Date.parse(progress.upload.expires_at) - Date.now() > EXPIRY_MARGIN_MS)) return progress.upload;
  const declared = Object.fromEntries(finishedPictures.value.map(({ kind, picture }) => [kind, { bytes: picture.file.size, sha256: picture.sha256 }]));
  const upload = await responseData(api.POST("/v1/photographer/uploads", { body: { profile: profile.value, ...declared } }));
  uploadProgress.value = { fingerprint: uploadFingerprint, upload, uploaded: new Set() };
  return upload;
}

/** The same again if the answer was lost: an upload has one code number. */
export async function issueCode(): Promise<void> {
  const progress = uploadProgress.value;
  if (progress?.fingerprint !== fingerprint.value) return;
  const { kind, mobile, email, language, reminder } = recipient.value;
  const value = kind === "mobile" ? mobile : email;
  try {
    issued.value = await responseData(api.POST("/v1/photographer/issuances", { body: { upload_id: progress.upload.upload_id, recipient: { kind, value }, language, reminder } }));
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

/** The upload that a code may already have been issued for, by an answer that was lost. */
export const uploadId = computed(() => uploadProgress.value?.upload.upload_id);

/** Everything of this customer goes; what the photographer set for all of them stays. */
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

/** A draft belongs to the business for which it was begun. */
let business: string | undefined;
effect(() => {
  const now = session.value?.role?.business?.id;
  if (now === business) return;
  if (business !== undefined) queueMicrotask(clearDraft);
  business = now;
});

/** Closing the page would lose what was chosen and not yet sent. */
const warnBeforeUnload = (event: BeforeUnloadEvent) => event.preventDefault();
effect(() => {
  if (Object.keys(pictures.value).length > 0) addEventListener("beforeunload", warnBeforeUnload);
  else removeEventListener("beforeunload", warnBeforeUnload);
});
