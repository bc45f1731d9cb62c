/* The photo set that is being made: kept while other pages are looked at, forgotten when it is sent, and with the session. */
import { computed, effect, signal } from "@preact/signals";

import { answer, api, Refused, Unanswered, type Failure, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { NotTaken, put, sha256 } from "../../api/upload";
import { language } from "../../words/language";
import { same, whole, type Crop } from "./picture/crop";
import { cut, isReadyAsItIs, open, release, type Opened } from "./picture/decode";
import { KINDS, frameOf, type Kind, type Profile, type Size } from "./picture/profiles";

/** A picture as it will be sent. */
export type Ready = { readonly file: Blob; readonly size: Size; readonly url: string; readonly sha256: string; readonly asItWas: boolean };
export type Chosen = { readonly opened: Opened; readonly first: Crop; readonly crop: Crop; readonly ready?: Ready };
export type Recipient = { readonly kind: "mobile" | "email"; readonly mobile: string; readonly email: string; readonly language: "el" | "en"; readonly reminder: boolean };

type Upload = Schemas["Upload"];
/** What is sent, as one text: another picture makes another upload. */
type Sent = { readonly of: string; readonly upload: Upload; readonly put: ReadonlySet<Kind> };
export type Report = { readonly of: string; readonly in: string; readonly report: Schemas["PictureReport"] };
type Job = { readonly phase: "idle" | "preparing" | "checking" | "done" } | { readonly phase: "sending"; readonly sent: Readonly<Partial<Record<Kind, number>>> } | { readonly phase: "failed"; readonly failure: Failure };

const NOBODY: Recipient = { kind: "mobile", mobile: "", email: "", language: "el", reminder: false };

export const profile = signal<Profile>("standard");
export const pictures = signal<Readonly<Partial<Record<Kind, Chosen>>>>({});
export const job = signal<Job>({ phase: "idle" });
export const report = signal<Report | undefined>(undefined);
export const recipient = signal<Recipient>(NOBODY);
export const issued = signal<Schemas["Issuance"] | undefined>(undefined);
const sent = signal<Sent | undefined>(undefined);

export const ready = computed(() => KINDS.flatMap((kind) => (pictures.value[kind]?.ready === undefined ? [] : [{ kind, picture: pictures.value[kind].ready }])));
/** All that was chosen is cropped, and there is something. */
export const isComplete = computed(() => ready.value.length > 0 && KINDS.every((kind) => pictures.value[kind] === undefined || pictures.value[kind].ready !== undefined));
const made = computed(() => [profile.value, ...ready.value.map(({ kind, picture }) => `${kind}:${picture.sha256}`)].join(" "));
/** The report of these very pictures. */
export const currentReport = computed(() => (report.value?.of === made.value ? report.value : undefined));

export async function choose(kind: Kind, file: File): Promise<void> {
  const opened = await open(file);
  const first = whole(frameOf(profile.value, kind), opened.size);
  drop(pictures.value[kind]);
  pictures.value = { ...pictures.value, [kind]: { opened, first, crop: first } };
}

export function remove(kind: Kind): void {
  drop(pictures.value[kind]);
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
      dropReady(chosen);
      const first = whole(frame, chosen.opened.size);
      return [kind, { opened: chosen.opened, first, crop: first }];
    }),
  );
}

/** Moved, turned, enlarged; not yet taken. */
export function keepCrop(kind: Kind, crop: Crop): void {
  const chosen = pictures.value[kind];
  if (chosen !== undefined) pictures.value = { ...pictures.value, [kind]: { ...chosen, crop } };
}

/** Makes the picture that will be sent. Where nothing was changed and nothing needs to be, it is the file itself. */
export async function take(kind: Kind): Promise<void> {
  const chosen = pictures.value[kind];
  if (chosen === undefined) return;
  const frame = frameOf(profile.value, kind);
  const { opened, crop } = chosen;
  const asItWas = isReadyAsItIs(frame, opened) && same(crop, chosen.first);
  const picture = asItWas ? { file: opened.file as Blob, ...opened.size } : await cut(frame, opened.file, crop);
  const digest = await sha256(picture.file);
  // Meanwhile another file may have been chosen.
  if (pictures.value[kind]?.opened !== opened) return;
  dropReady(chosen);
  const made = { file: picture.file, size: { width: picture.width, height: picture.height }, url: URL.createObjectURL(picture.file), sha256: digest, asItWas };
  pictures.value = { ...pictures.value, [kind]: { ...chosen, crop, ready: made } };
}

/** Uploads what is not there yet, and has it checked. It goes on while other pages are looked at; after a failure it goes on from there. */
export async function send(): Promise<void> {
  if (job.value.phase === "preparing" || job.value.phase === "sending" || job.value.phase === "checking") return;
  const mine = ++turn;
  const of = made.value;
  const tell = (now: Job) => {
    if (mine === turn) job.value = now;
  };
  try {
    tell({ phase: "preparing" });
    const upload = await uploadFor(of);
    const gone: Partial<Record<Kind, number>> = {};
    for (const { kind, picture } of ready.value) {
      const target = upload[kind];
      if (mine !== turn) return;
      if (sent.value?.put.has(kind) === true || target === undefined) continue;
      tell({ phase: "sending", sent: { ...gone, [kind]: 0 } });
      await put(target, picture.file, (bytes) => tell({ phase: "sending", sent: { ...gone, [kind]: bytes } }));
      gone[kind] = picture.file.size;
      if (sent.value?.upload === upload) sent.value = { ...sent.value, put: new Set([...sent.value.put, kind]) };
    }
    tell({ phase: "checking" });
    const spoken = language.value;
    const told = await answer(api.POST("/v1/photographer/uploads/{upload}/check", { params: { path: { upload: upload.upload_id } }, body: {} }));
    if (mine === turn) report.value = { of, in: spoken, report: told };
    tell({ phase: "done" });
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof NotTaken || (error instanceof Refused && STALE.has(error.problem.code))) sent.value = undefined;
    if (!(error instanceof Refused || error instanceof Unanswered)) console.error(error);
    tell({ phase: "failed", failure: error instanceof Refused || error instanceof Unanswered ? error : new Unanswered("broken") });
  }
}

/** Other pictures end what was going on with those before. */
let turn = 0;
effect(() => {
  // eslint-disable-next-line @typescript-eslint/no-unused-expressions -- to follow it
  made.value;
  turn += 1;
  job.value = { phase: "idle" };
});

/** Trying again needs new addresses. */
const STALE = new Set(["upload_unknown", "upload_incomplete", "upload_altered", "upload_refused", "upload_issued"]);
/** An address that ends within a minute is not worth beginning with. */
const SOON = 60_000;

async function uploadFor(of: string): Promise<Upload> {
  const there = sent.value;
  const isWhole = there?.of === of && ready.value.every(({ kind }) => there.put.has(kind));
  if (there?.of === of && (isWhole || Date.parse(there.upload.expires_at) - Date.now() > SOON)) return there.upload;
  const declared = Object.fromEntries(ready.value.map(({ kind, picture }) => [kind, { bytes: picture.file.size, sha256: picture.sha256 }]));
  const upload = await answer(api.POST("/v1/photographer/uploads", { body: { profile: profile.value, ...declared } }));
  sent.value = { of, upload, put: new Set() };
  return upload;
}

/** The same again if the answer was lost: an upload has one code number. */
export async function issue(): Promise<void> {
  const there = sent.value;
  if (there?.of !== made.value) return;
  const { kind, mobile, email, language, reminder } = recipient.value;
  const value = kind === "mobile" ? mobile : email;
  try {
    issued.value = await answer(api.POST("/v1/photographer/issuances", { body: { upload_id: there.upload.upload_id, recipient: { kind, value }, language, reminder } }));
  } catch (error) {
    if (error instanceof Refused && (error.problem.code === "bad_picture" || STALE.has(error.problem.code))) {
      sent.value = undefined;
      report.value = undefined;
      job.value = { phase: "idle" };
    }
    throw error;
  }
  forgetPictures();
}

/** The upload that a code may already have been issued for, by an answer that was lost. */
export const uploadId = computed(() => sent.value?.upload.upload_id);

/** Everything of this customer goes; what the photographer set for all of them stays. */
export function nextCustomer(): void {
  forgetPictures();
  issued.value = undefined;
  recipient.value = { ...NOBODY, kind: recipient.value.kind, language: recipient.value.language };
}

function forgetPictures(): void {
  for (const kind of KINDS) drop(pictures.value[kind]);
  pictures.value = {};
  sent.value = undefined;
  report.value = undefined;
  job.value = { phase: "idle" };
}

function drop(chosen: Chosen | undefined): void {
  if (chosen === undefined) return;
  release(chosen.opened.shown);
  dropReady(chosen);
}

function dropReady(chosen: Chosen): void {
  if (chosen.ready !== undefined) URL.revokeObjectURL(chosen.ready.url);
}

function forget(): void {
  nextCustomer();
  recipient.value = NOBODY;
  profile.value = "standard";
}

onEnd.push(forget);

/** A draft belongs to the business for which it was begun. */
let business: string | undefined;
effect(() => {
  const now = session.value?.role?.business?.id;
  if (now === business) return;
  if (business !== undefined) queueMicrotask(forget);
  business = now;
});

/** Closing the page would lose what was chosen and not yet sent. */
const keepOpen = (event: BeforeUnloadEvent) => event.preventDefault();
effect(() => {
  if (Object.keys(pictures.value).length > 0) addEventListener("beforeunload", keepOpen);
  else removeEventListener("beforeunload", keepOpen);
});
