/*
 * Finished photo sets that wait for the network. Each entry is about one customer and is encrypted in this browser. It is sent only when
 * the photographer presses a button. A code is valid for 14 days from its issue, so waiting does not shorten its validity.
 *
 * Nothing is sent twice. The ID of the upload is stored before a code is requested for it, and the service issues one code for each upload.
 * A lock prevents two tabs from sending the same entry.
 */
import { computed, effect, signal } from "@preact/signals";

import { api, ConnectionError, lostConnection, ProblemError, responseData, type Failure, type Problem, type Schemas } from "../../../api/client";
import { mayPass, withRetries } from "../../../api/retry";
import { session } from "../../../api/session";
import { UploadRejected } from "../../../api/upload";
import { now } from "../../../words/clock";
import * as draft from "../draft";
import type { Recipient, UploadProgress } from "../draft";
import { cacheIssuances, currentBusiness } from "../issuances";
import { KINDS, type Kind, type Profile } from "../picture/profiles";
import { EXPIRY_MARGIN_MS, needsNewUpload, sendPictures, STALE_UPLOAD_CODES } from "../send_pictures";
import { currentVault, moveDraft, storeInsteadOf } from "./draft_storage";
import { tryLock } from "./locks";
import type { Vault } from "./vault";

/** Maximum number of entries. Every browser's storage has room for them: twenty pairs of pictures are at most 120 MB. */
export const ENTRIES_MAX = 20;
const VERSION = 1;

type IssuanceRequest = ReturnType<typeof draft.issuanceRequest>;
type PictureOfEntry = { readonly kind: Kind; readonly part: string; readonly sha256: string; readonly bytes: number };
type Upload = UploadProgress["upload"];

/** The stored data of an entry, apart from its pictures. */
type EntryHead = {
  readonly version: number;
  /** Time when the entry was added, by the service's clock. */
  readonly addedAt: number;
  readonly profile: Profile;
  readonly recipient: Recipient;
  readonly request: IssuanceRequest;
  readonly pictures: readonly PictureOfEntry[];
  readonly upload?: { readonly upload: Upload; readonly uploaded: readonly Kind[] } | undefined;
  /** The problem with which the service last rejected the entry. */
  readonly problem?: Pick<Problem, "code" | "title" | "detail"> | undefined;
};

export type Entry = { readonly id: string; readonly head: EntryHead };
/** The entry that is being sent, and the fraction of its bytes that is uploaded. */
export type Sending = { readonly id: string; readonly share: number };

export const entries = signal<readonly Entry[]>([]);
export const sending = signal<Sending | undefined>(undefined);
/** The reason why the last attempt to send entries stopped, such as a missing network. A fault of one entry does not stop the attempt. */
export const queueFailure = signal<Failure | undefined>(undefined);
/** The number of codes issued from the queue since the page was opened. */
export const issuedFromQueue = signal(0);
/** True if the user has just added an entry. */
export const wasAdded = signal(false);
/**
 * True if the photographer continues without the service's check, because there is no network. The choice applies only to the pictures of
 * one customer.
 */
export const sendsLater = signal(false);

/** The key that encrypts the queue. It changes with the session and with the business. */
const keyOf = computed(() => session.value?.draft_key);

export const isFull = computed(() => entries.value.length >= ENTRIES_MAX);

/** Thrown if an entry cannot be added, because the browser stores nothing, or because the queue is full. */
export class NotAdded extends Error {
  constructor(readonly reason: "full" | "not_stored") {
    super(reason);
  }
}

export async function loadQueue(): Promise<void> {
  const key = keyOf.peek();
  const vault = await currentVault();
  const groups = vault === undefined ? [] : await vault.list("entry");
  const loaded = groups.flatMap(({ group, head }) => ((head as EntryHead).version === VERSION ? [{ id: group, head: head as EntryHead }] : []));
  if (keyOf.peek() === key) entries.value = loaded.sort((a, b) => a.head.addedAt - b.head.addedAt);
}

/** Moves the finished draft into the queue. If that fails, throws `NotAdded` and does not change the draft. */
export async function addDraft(): Promise<void> {
  const key = keyOf.peek();
  const vault = await currentVault();
  if (vault === undefined) throw new NotAdded("not_stored");
  await loadQueue();
  if (isFull.value) throw new NotAdded("full");
  const files = new Map<string, Blob>();
  const pictures = draft.finishedPictures.value.map(({ kind, picture }) => {
    const part = crypto.randomUUID();
    files.set(part, picture.file);
    return { kind, part, sha256: picture.sha256, bytes: picture.file.size };
  });
  // If a response was lost, the service may already have issued a code for this upload. So the entry uses the same upload.
  const progress = draft.currentUpload();
  const upload = progress === undefined ? undefined : { upload: progress.upload, uploaded: [...progress.uploaded] };
  const head: EntryHead = { version: VERSION, addedAt: now(), profile: draft.profile.value, recipient: draft.recipient.value, request: draft.issuanceRequest(), pictures, upload };
  try {
    // One transaction replaces the draft by the entry, so that the customer is stored exactly once.
    await moveDraft((group) => vault.write("entry", `entry ${crypto.randomUUID()}`, head, files, group));
  } catch (error) {
    console.warn("the entry is not stored", error);
    throw new NotAdded("not_stored");
  }
  if (keyOf.peek() !== key) return;
  sendsLater.value = false;
  wasAdded.value = true;
  await loadQueue();
}

export async function removeEntry(id: string): Promise<void> {
  wasAdded.value = false;
  const vault = await currentVault();
  await withEntry(id, async () => vault?.remove(id));
  await loadQueue();
}

/** Sends the entries with these IDs. Stops at the first failure that is not a fault of an entry, such as a failure of the network. */
export async function sendEntries(ids: readonly string[]): Promise<void> {
  if (sending.value !== undefined) return;
  const business = currentBusiness();
  const { signal } = run;
  queueFailure.value = undefined;
  wasAdded.value = false;
  try {
    for (const id of ids) {
      sending.value = { id, share: 0 };
      if (!navigator.onLine) throw lostConnection();
      await withEntry(id, async (vault) => sendEntry(vault, id, business, signal));
      await loadQueue();
    }
  } catch (error) {
    // The session or the business has changed, so the page shows another queue or none.
    if (signal.aborted) return;
    if (!(error instanceof ProblemError || error instanceof ConnectionError)) console.error(error);
    queueFailure.value = error instanceof ProblemError || error instanceof ConnectionError ? error : new ConnectionError("broken");
  } finally {
    sending.value = undefined;
    await loadQueue().catch(() => undefined);
  }
}

/** Runs an action on an entry unless another tab is processing the entry. */
async function withEntry(id: string, action: (vault: Vault) => Promise<void>): Promise<void> {
  const vault = await currentVault();
  const release = await tryLock(id);
  if (vault === undefined || release === undefined) return release?.();
  try {
    await action(vault);
  } finally {
    release();
  }
}

/** Problem code of an entry whose pictures were rejected by the bucket, or by a proxy in front of the bucket. */
const UPLOAD_REJECTED = "upload_rejected";

/** Aborted when the session or the business changes. */
let run = new AbortController();

type Change = Partial<Pick<EntryHead, "upload" | "problem">>;
/** An entry that is being sent. `save` stores a change of the entry's head. */
type Job = { readonly vault: Vault; readonly id: string; readonly business: string; readonly signal: AbortSignal; readonly head: () => EntryHead; readonly save: (change: Change) => Promise<void> };

/** Sends an entry. `business` is the business for which the session acted when the photographer pressed the button. */
async function sendEntry(vault: Vault, id: string, business: string, signal: AbortSignal): Promise<void> {
  // Another tab may have sent the entry since the list was loaded.
  const stored = (await vault.readHead("entry", id)) as EntryHead | undefined;
  if (stored === undefined) return;
  let head: EntryHead = { ...stored, problem: undefined };
  const keep = new Map<string, undefined>(head.pictures.map(({ part }) => [part, undefined]));
  const save = async (change: Change) => {
    signal.throwIfAborted();
    head = { ...head, ...change };
    await vault.write("entry", id, head, keep);
  };
  const job: Job = { vault, id, business, signal, head: () => head, save };
  try {
    const issued = await uploadAndIssue(job).catch(async (error: unknown) => {
      if (signal.aborted || !needsNewUpload(error)) throw error;
      await save({ upload: undefined });
      return uploadAndIssue(job);
    });
    cacheIssuances([issued], business);
    await vault.remove(id);
    if (!signal.aborted) issuedFromQueue.value += 1;
  } catch (error) {
    // The session has ended or acts for another business, or the service is busy. None of these is a fault of the entry.
    if (signal.aborted || session.value === undefined || mayPass(error)) throw error;
    if (error instanceof UploadRejected) return save({ upload: undefined, problem: { code: UPLOAD_REJECTED, title: "", detail: "" } });
    if (!(error instanceof ProblemError) || SESSION_CODES.has(error.problem.code)) throw error;
    const { code, title, detail } = error.problem;
    await save({ problem: { code, title, detail }, ...(STALE_UPLOAD_CODES.has(code) || code === "bad_picture" ? { upload: undefined } : {}) });
  }
}

/**
 * Uploads the missing pictures and requests the code. Failed requests are retried, which is safe because the service issues only one code
 * for each upload.
 */
async function uploadAndIssue(job: Job): Promise<Schemas["Issuance"]> {
  const { business, signal, head, save } = job;
  const checkBusiness = () => {
    signal.throwIfAborted();
    // Fails if another tab has changed the role, because the entry belongs to the previous business.
    if (currentBusiness() !== business) throw new ConnectionError("interrupted");
  };
  checkBusiness();
  const upload = await withRetries(() => uploadFor(head()), { signal });
  checkBusiness();
  if (upload !== head().upload?.upload) await save({ upload: { upload, uploaded: [] } });
  await uploadPictures(job, upload);
  const issue = () => {
    checkBusiness();
    return responseData(api.POST("/v1/photographer/issuances", { body: { upload_id: upload.upload_id, ...head().request } }));
  };
  return withRetries(issue, { signal });
}

const SESSION_CODES = new Set(["no_session", "session_expired", "otp_not_verified", "role_not_chosen", "wrong_role", "staff_withdrawn"]);

async function uploadFor({ profile, pictures, upload }: EntryHead): Promise<Upload> {
  if (upload !== undefined) {
    const isFullyUploaded = pictures.every(({ kind }) => upload.uploaded.includes(kind));
    if (isFullyUploaded || Date.parse(upload.upload.expires_at) - now() > EXPIRY_MARGIN_MS) return upload.upload;
  }
  const declared = Object.fromEntries(pictures.map(({ kind, sha256, bytes }) => [kind, { bytes, sha256 }]));
  return responseData(api.POST("/v1/photographer/uploads", { body: { profile, ...declared } }));
}

async function uploadPictures({ vault, id, signal, head, save }: Job, upload: Upload): Promise<void> {
  const { pictures } = head();
  const uploaded = () => head().upload?.uploaded ?? [];
  const before = pictures.filter(({ kind }) => uploaded().includes(kind)).reduce((sum, { bytes }) => sum + bytes, 0);
  const total = pictures.reduce((sum, { bytes }) => sum + bytes, 0);
  const missing = pictures.flatMap(({ kind, part }) => {
    const target = upload[kind];
    return target === undefined || uploaded().includes(kind) ? [] : [{ kind, part, target }];
  });
  const parts = await Promise.all(missing.map(async ({ kind, part, target }) => ({ kind, target, file: new Blob([await vault.readPart(id, part)], { type: "image/jpeg" }) })));
  await sendPictures(parts, {
    signal,
    onProgress: ({ sent }) => {
      if (!signal.aborted) sending.value = { id, share: Object.values(sent).reduce((sum, bytes) => sum + bytes, before) / total };
    },
    onSent: (kind) => save({ upload: { upload, uploaded: [...uploaded(), kind] } }),
  });
}

/**
 * Problems that prove that the service has issued no code for the entry. After them, the entry may be sent with other pictures or to
 * another recipient.
 */
const NOT_ISSUED_CODES = new Set([...STALE_UPLOAD_CODES, UPLOAD_REJECTED, "bad_picture", "invalid_field", "without_face_too_early"]);

/**
 * Returns whether the upload of the entry's pictures was rejected. The text for this problem comes from this application, not from the
 * service.
 */
export const isUploadRejected = ({ head }: Entry): boolean => head.problem?.code === UPLOAD_REJECTED;

export const mayOpen = ({ head }: Entry): boolean => head.problem !== undefined && NOT_ISSUED_CODES.has(head.problem.code);

/**
 * Returns the ID of the entry's upload if the service rejected the entry because it has already issued a code for this upload, but with
 * other values, such as another recipient. Otherwise returns undefined.
 */
export const issuedToAnother = ({ head }: Entry): string | undefined => (head.problem?.code === "issuance_conflict" ? head.upload?.upload.upload_id : undefined);

/**
 * Turns an entry back into the draft, so that the user can correct it. The draft must have no pictures. The transaction that stores the
 * draft also removes the entry. Returns whether the entry is now the draft.
 */
export async function openEntry(id: string): Promise<boolean> {
  wasAdded.value = false;
  const key = keyOf.peek();
  let isOpen = false;
  await withEntry(id, async (vault) => {
    const head = (await vault.readHead("entry", id)) as EntryHead | undefined;
    if (head === undefined) return;
    const files = await Promise.all(
      head.pictures.map(async ({ kind, part }) => ({ kind, file: new File([await vault.readPart(id, part)], `${kind}.jpg`, { type: "image/jpeg", lastModified: head.addedAt }) })),
    );
    if (keyOf.peek() !== key) return;
    // Close the page about the code issued just now. Otherwise, leaving that page later would clear the new draft.
    draft.nextCustomer();
    const customer = draft.currentCustomer();
    const isCurrent = () => keyOf.peek() === key && draft.currentCustomer() === customer;
    draft.changeProfile(head.profile);
    draft.recipient.value = head.recipient;
    try {
      for (const { kind, file } of files) {
        await draft.choosePicture(kind, file);
        if (!isCurrent()) return;
      }
      isOpen = await storeInsteadOf(id);
    } finally {
      // The entry is still stored, so clear the draft. Otherwise the same customer could get a second code from the draft.
      if (!isOpen && isCurrent()) draft.nextCustomer();
    }
  });
  if (keyOf.peek() === key) await loadQueue();
  return isOpen;
}

effect(() => {
  // Another effect opens the vault of the new session or business. That effect may run after this one, so a microtask loads the entries.
  if (keyOf.value !== undefined) queueMicrotask(reload);
  run.abort(new ConnectionError("interrupted"));
  run = new AbortController();
  entries.value = [];
  queueFailure.value = undefined;
  issuedFromQueue.value = 0;
  wasAdded.value = false;
  sendsLater.value = false;
});

/** Reloads the queue when the page is shown again, because another tab may have added or sent entries in the meantime. */
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && keyOf.peek() !== undefined) reload();
});

function reload(): void {
  loadQueue().catch((error: unknown) => console.warn("the queue is not loaded", error));
}

/**
 * Withdraws the photographer's choice to continue without the check (`sendsLater`) if the pictures are not complete, or if a code can be
 * issued.
 */
effect(() => {
  if (!draft.isComplete.value || draft.mayIssue.value) sendsLater.value = false;
});

/** Returns the kinds of an entry's pictures, in the order in which the page lists them. */
export const kindsOf = ({ head }: Entry): readonly Kind[] => KINDS.filter((kind) => head.pictures.some((picture) => picture.kind === kind));
