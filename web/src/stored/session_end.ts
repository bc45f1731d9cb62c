/*
 * When the session ends, removes a photographer's unsent data, whichever page is open. By then, nobody can read the records, because the
 * service gives their key only to the session.
 */
import { effect, signal } from "@preact/signals";

import { sessionState, type SessionState } from "../api/session";
import { deviceTime } from "../words/clock";
import { listFrames, openDatabase, removeRecords, type Frame } from "./database";

/** A draft is removed when it has not changed for this time, in milliseconds. */
export const DRAFT_LIFETIME_MS = 60 * 60_000;
/** Time between two searches for old drafts, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

/**
 * Key of the localStorage item that is set before the first record is stored, and removed after all records are removed at the end of a
 * session. Without the item, this module does not open the database.
 */
const MARK_KEY = "unsent";
/**
 * Key of the localStorage item with the number of queue entries removed at a session's end. The item is removed after a page has shown the
 * number.
 */
const REMOVED_KEY = "unsent-removed";

/**
 * Key of the localStorage item that says that the user has signed out. Before a sign-out, the page warns the user if the queue has entries,
 * because they will be removed. If the user leaves the page before the entries are removed, the next page removes them and, because of this
 * item, does not report them. The item is removed at the next sign-in.
 */
const WAS_ASKED_KEY = "unsent-was-asked";

export const removedEntries = signal(Number(readItem(REMOVED_KEY) ?? 0) || 0);

function readItem(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function writeItem(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // If the browser blocks localStorage, it also blocks the database, so no record can be stored.
  }
}

/** Must be called before the first record is stored. */
export function markStored(): void {
  writeItem(MARK_KEY, "1");
}

/** Resets the number of removed entries after the page has shown it. */
export function forgetRemovedEntries(): void {
  removedEntries.value = 0;
  writeItem(REMOVED_KEY, undefined);
}

/** Returns a function that selects the records to remove: those of another session, and drafts without a change for an hour. */
function obsolete(frames: readonly Frame[], session: string | undefined, at: number): (frame: Frame) => boolean {
  const oldDrafts = new Set(frames.filter(({ kind, storedAt }) => kind === "draft" && Math.abs(at - storedAt) >= DRAFT_LIFETIME_MS).map(({ group }) => group));
  return (frame) => frame.session !== session || oldDrafts.has(frame.group);
}

/**
 * Removes all records. If `session` is given, removes only old drafts and the records of other sessions. If `tells` is true, counts the
 * removed entries, so that the page reports them after the next sign-in.
 */
export async function removeUnsent(session?: string, tells = false): Promise<void> {
  if (readItem(MARK_KEY) === undefined) return;
  try {
    const database = await openDatabase();
    try {
      const removed = await removeRecords(database, obsolete(await listFrames(database), session, deviceTime()));
      if (session === undefined) writeItem(MARK_KEY, undefined);
      if (removed > 0 && tells) {
        removedEntries.value += removed;
        writeItem(REMOVED_KEY, String(removedEntries.value));
      }
    } finally {
      database.close();
    }
  } catch {
    // The browser blocks the database now. The records stay, encrypted, and the next sweep tries again. If their session has ended,
    // the service no longer gives out their key.
  }
}

/** Returns the number of entries of the queue that this browser stores. */
export async function countEntries(): Promise<number> {
  if (readItem(MARK_KEY) === undefined) return 0;
  try {
    const database = await openDatabase();
    try {
      return (await listFrames(database)).filter(({ kind }) => kind === "entry").length;
    } finally {
      database.close();
    }
  } catch {
    return 0;
  }
}

async function sweep(state: SessionState): Promise<void> {
  const wasAsked = readItem(WAS_ASKED_KEY) !== undefined;
  if (state.kind === "signed_in") {
    await removeUnsent(state.session.expires_at, !wasAsked);
    if (sessionState.peek().kind === "signed_in") writeItem(WAS_ASKED_KEY, undefined);
  } else if (state.kind === "signed_out") {
    // Users who sign out were warned that the queue's entries will be removed. Users whose session ends in another way were not warned, so
    // the removed entries are reported to them.
    const signsOut = state.reason === "signed_out";
    if (signsOut) writeItem(WAS_ASKED_KEY, "1");
    await removeUnsent(undefined, !signsOut && !wasAsked);
  }
  // In the other states, it is unknown whether a session exists, so nothing is removed.
}

export function removeUnsentAtSessionEnd(): void {
  effect(() => void sweep(sessionState.value));
  setInterval(() => void sweep(sessionState.peek()), SWEEP_INTERVAL_MS);
}
