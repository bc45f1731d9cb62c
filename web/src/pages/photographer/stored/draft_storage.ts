/*
 * Stores the draft after each change, and restores it after a reload, after a crash, or after the browser was closed. Each page has its own
 * draft and a lock for it, so that no page opens the draft of another page.
 */
import { computed, effect, signal } from "@preact/signals";

import { session } from "../../../api/session";
import { MissingRecord } from "../../../stored/database";
import { DRAFT_LIFETIME_MS } from "../../../stored/session_end";
import { deviceTime } from "../../../words/clock";
import { issued, isStored, nextCustomer } from "../draft";
import { asDraftRecord, isAboutCustomer, isUnchanged, newDraftGroup, recordOf, restore } from "./draft_record";
import { tryLock } from "./locks";
import { openVault, type Vault } from "./vault";

/** The draft is stored when it has not changed for this time, in milliseconds. */
const SETTLE_MS = 300;

/** True while a stored draft may still be restored. During this time, the page is not shown. */
export const isRestoring = signal(true);
/** The notice on the page about the draft: the draft was restored, or the browser does not store it. */
export const draftNotice = signal<"restored" | "not_stored" | undefined>(undefined);

const keyOf = computed(() => session.value?.draft_key);

/** The vault of this session and business. Undefined if nobody is signed in as a photographer, or the browser stores nothing. */
let vault: Promise<Vault | undefined> = Promise.resolve(undefined);
export const currentVault = (): Promise<Vault | undefined> => vault;

/** The stored draft of this page. `writtenAt` is the time when it was last written, by this device's clock, in milliseconds. */
type Own = { readonly vault: Vault; readonly group: string; readonly release: () => void; readonly stored: Set<string>; writtenAt: number };
let own: Own | undefined;
/** Number of changes of the draft so far. A write of an older state must not report the draft as stored. */
let changes = 0;
/** The last queued task. Tasks run one at a time, in the order in which they were queued. */
let tasks: Promise<unknown> = Promise.resolve();
let timer: ReturnType<typeof setTimeout> | undefined;
let lifetimeTimer: ReturnType<typeof setTimeout> | undefined;
/**
 * Incremented when `keyOf`, the key of the current session and business, changes. A task that began with an earlier key must not touch the
 * draft.
 */
let openings = 0;

function enqueue<T>(task: () => Promise<T>): Promise<T> {
  const result = tasks.then(() => task());
  tasks = result.catch(() => undefined);
  return result;
}

async function open(key: string, isCurrent: () => boolean): Promise<Vault | undefined> {
  const end = session.peek()?.expires_at;
  if (end === undefined) return undefined;
  try {
    // Without locks, two tabs could send the same entry of the queue.
    if (!("locks" in navigator)) throw new Error("the browser has no locks");
    return await openVault(key, end, isCurrent);
  } catch (error) {
    console.warn("drafts are not stored", error);
    return undefined;
  }
}

/** Restores the newest draft of this session and business that no other page has open. */
async function restoreNewest(from: Vault, isCurrent: () => boolean): Promise<void> {
  for (const { group, storedAt, head } of [...(await from.list("draft"))].reverse()) {
    if (Math.abs(deviceTime() - storedAt) >= DRAFT_LIFETIME_MS) continue;
    const release = await tryLock(group);
    if (release === undefined) continue;
    const record = asDraftRecord(head);
    // While this function was waiting, the user may have begun a draft for another customer on this page.
    if (record === undefined || own !== undefined || !isUnchanged(recordOf().record)) {
      release();
      continue;
    }
    if (!(await restore(record, (part) => from.readPart(group, part), isCurrent))) return release();
    own = { vault: from, group, release, stored: new Set(recordOf().files.keys()), writtenAt: storedAt };
    setStored();
    if (isAboutCustomer(record)) draftNotice.value = "restored";
    return;
  }
}

/** Returns whether the stored draft is so old that stored/session_end.ts, which removes old drafts, may have removed it. */
const isTooOld = ({ writtenAt }: Own): boolean => Math.abs(deviceTime() - writtenAt) >= DRAFT_LIFETIME_MS;

/** Sets `isStored`, and resets it when the draft becomes too old. */
function setStored(): void {
  isStored.value = own !== undefined && !isTooOld(own);
  clearTimeout(lifetimeTimer);
  if (own !== undefined && isStored.value) lifetimeTimer = setTimeout(checkAge, own.writtenAt + DRAFT_LIFETIME_MS - deviceTime());
}

function checkAge(): void {
  if (isStored.peek()) setStored();
}

/**
 * Queues a write of the draft to the vault of the current session and business. The same transaction removes the group `replaced`. Returns
 * whether the draft was written.
 */
function enqueueStore(replaced?: string): Promise<boolean> {
  const [opens, opening] = [vault, openings];
  return enqueue(async () => store(await opens, () => opening === openings, replaced));
}

async function store(to: Vault | undefined, isCurrent: () => boolean, replaced: string | undefined): Promise<boolean> {
  if (!isCurrent()) {
    await forget();
    return false;
  }
  const stored = changes;
  const { record, files } = recordOf();
  if (to === undefined) {
    if (isAboutCustomer(record)) draftNotice.value = "not_stored";
    return false;
  }
  if (isUnchanged(record) || issued.peek() !== undefined) {
    await forget();
    return false;
  }
  try {
    own ??= await begin(to);
    const { group, stored: storedParts } = own;
    if (isTooOld(own)) storedParts.clear();
    const write = () => to.write("draft", group, record, new Map([...files].map(([part, file]) => [part, storedParts.has(part) ? undefined : file])), replaced);
    await write().catch((error: unknown) => {
      if (!(error instanceof MissingRecord)) throw error;
      storedParts.clear();
      return write();
    });
    storedParts.clear();
    for (const part of files.keys()) storedParts.add(part);
    own.writtenAt = deviceTime();
    if (stored === changes) setStored();
    if (draftNotice.value === "not_stored") draftNotice.value = undefined;
    return true;
  } catch (error) {
    console.warn("the draft is not stored", error);
    // Remove the stored draft, because it is older than the draft on the page, and may be about the previous customer.
    await forget();
    if (isCurrent() && isAboutCustomer(record)) draftNotice.value = "not_stored";
    return false;
  }
}

/**
 * Stores a draft that was made from an entry of the queue. The same transaction removes the entry, whose group is `replaced`. Returns
 * whether the draft was stored.
 */
export const storeInsteadOf = (replaced: string): Promise<boolean> => enqueueStore(replaced);

/**
 * Moves the draft out of this module, for example to the queue. `write` must store the draft at its destination, and remove the draft's
 * group in the same transaction. Then the page begins with the next customer. While `write` runs, the draft is not stored.
 */
export function moveDraft(write: (group: string | undefined) => Promise<void>): Promise<void> {
  return enqueue(async () => {
    await write(own?.group);
    own?.release();
    own = undefined;
    nextCustomer();
  });
}

async function begin(to: Vault): Promise<Own> {
  const group = newDraftGroup();
  const release = await tryLock(group);
  if (release === undefined) throw new Error("the lock of a new draft is taken");
  return { vault: to, group, release, stored: new Set<string>(), writtenAt: deviceTime() };
}

/** Removes the stored draft of this page, for example after its code was issued or the user discarded it. */
async function forget(): Promise<void> {
  if (own === undefined) return;
  const { vault: from, group, release } = own;
  own = undefined;
  await from.remove(group).catch((error: unknown) => console.warn("the draft is not removed", error));
  release();
}

export function discardDraft(): void {
  draftNotice.value = undefined;
  nextCustomer();
}

/** Stores the draft at once. Used, for example, when the camera app opens, because the system may then end the browser. */
function storeNow(): void {
  if (timer === undefined) return;
  clearTimeout(timer);
  timer = undefined;
  void enqueueStore();
}

effect(() => {
  const key = keyOf.value;
  const opening = ++openings;
  const isCurrent = () => opening === openings;
  clearTimeout(timer);
  timer = undefined;
  if (key === undefined) {
    // Nobody is signed in as a photographer. If the session has ended, stored/session_end.ts removes all records.
    void enqueue(forget);
    vault = Promise.resolve(undefined);
    draftNotice.value = undefined;
    isRestoring.value = false;
    return;
  }
  isRestoring.value = true;
  vault = enqueue(async () => {
    // If this page has a stored draft, the draft belongs to another business.
    await forget();
    return open(key, isCurrent);
  });
  const opens = vault;
  void enqueue(async () => {
    const opened = await opens;
    if (opened !== undefined) await restoreNewest(opened, isCurrent);
  })
    .catch((error: unknown) => console.warn("the draft is not restored", error))
    .finally(() => {
      if (isCurrent()) isRestoring.value = false;
    });
});

effect(() => {
  // Reads every signal of the draft, so that this effect runs after each change.
  const { record } = recordOf();
  changes += 1;
  const isIssued = issued.value !== undefined;
  isStored.value = false;
  if (isIssued || !isAboutCustomer(record)) draftNotice.value = undefined;
  if (isRestoring.peek() || keyOf.peek() === undefined) return;
  clearTimeout(timer);
  timer = setTimeout(storeNow, isIssued ? 0 : SETTLE_MS);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") storeNow();
  // Timers do not run while the device sleeps, so check the age when the page is shown again.
  else checkAge();
});
addEventListener("pagehide", storeNow);
