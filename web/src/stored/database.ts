/*
 * The database for a photographer's unsent data: the draft and the queue. The contents are encrypted (pages/photographer/stored/vault.ts).
 * This module can read only the frame of a record, which contains, for example, the session to which the record belongs and the time when
 * it was stored.
 */
const DATABASE = "unsent";
const VERSION = 1;
const FRAMES = "frames";
const CONTENTS = "contents";

/** Kind of a record. `part` is a picture of a draft or of an entry of the queue. */
export type FrameKind = "draft" | "entry" | "part";

export type Frame = {
  readonly id: string;
  readonly kind: FrameKind;
  /** ID of the draft or entry to which the record belongs. */
  readonly group: string;
  /** The end of the session (`expires_at`). It identifies the session, so that records of other sessions can be found. */
  readonly session: string;
  /** Time when the record was stored, by this device's clock, in milliseconds. */
  readonly storedAt: number;
};

export type StoredRecord = { readonly frame: Frame; readonly sealed: ArrayBuffer };

/** Opens the database. Rejects if the browser has no database, or blocks it. */
export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(FRAMES, { keyPath: "id" });
      request.result.createObjectStore(CONTENTS);
    };
    request.onsuccess = () => {
      const database = request.result;
      // A page of a newer version wants to change the database, so close it.
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(asError(request.error));
    request.onblocked = () => reject(new Error("the database is blocked"));
  });
}

export async function listFrames(database: IDBDatabase): Promise<readonly Frame[]> {
  const transaction = database.transaction(FRAMES, "readonly");
  return done(transaction.objectStore(FRAMES).getAll() as IDBRequest<Frame[]>);
}

export async function readContent(database: IDBDatabase, id: string): Promise<ArrayBuffer | undefined> {
  return done(database.transaction(CONTENTS, "readonly").objectStore(CONTENTS).get(id) as IDBRequest<ArrayBuffer | undefined>);
}

/** Thrown by `writeGroup` if a record to keep no longer exists, for example because an old draft was removed. Nothing is written. */
export class MissingRecord extends Error {}

/**
 * In one transaction, stores records and removes all other records of their group, except those whose IDs are in `keep`. Also removes the
 * group `replaced`, which is about the same customer as the written group. Throws `MissingRecord` if a record of `keep` does not exist.
 */
export async function writeGroup(database: IDBDatabase, group: string, records: readonly StoredRecord[], keep: ReadonlySet<string>, replaced?: string): Promise<void> {
  const transaction = database.transaction([FRAMES, CONTENTS], "readwrite");
  const [frames, contents] = [transaction.objectStore(FRAMES), transaction.objectStore(CONTENTS)];
  for (const { frame, sealed } of records) {
    frames.put(frame);
    contents.put(sealed, frame.id);
  }
  const missing = new Set(keep);
  const removeOthers = (frame: Frame) => {
    missing.delete(frame.id);
    const isOther = frame.group === group ? !keep.has(frame.id) && !records.some((record) => record.frame.id === frame.id) : frame.group === replaced;
    if (!isOther) return;
    frames.delete(frame.id);
    contents.delete(frame.id);
  };
  eachFrame(frames, removeOthers, () => {
    if (missing.size > 0) transaction.abort();
  });
  await completed(transaction).catch((error: unknown) => {
    throw missing.size > 0 && transaction.error === null ? new MissingRecord("a record is missing") : error;
  });
}

/** Removes the records that `isObsolete` selects. Returns the number of removed entries of the queue. */
export async function removeRecords(database: IDBDatabase, isObsolete: (frame: Frame) => boolean): Promise<number> {
  const transaction = database.transaction([FRAMES, CONTENTS], "readwrite");
  const [frames, contents] = [transaction.objectStore(FRAMES), transaction.objectStore(CONTENTS)];
  let entries = 0;
  eachFrame(frames, (frame) => {
    if (!isObsolete(frame)) return;
    if (frame.kind === "entry") entries += 1;
    frames.delete(frame.id);
    contents.delete(frame.id);
  });
  await completed(transaction);
  return entries;
}

function eachFrame(frames: IDBObjectStore, visit: (frame: Frame) => void, atEnd: () => void = () => undefined): void {
  const request = frames.getAll() as IDBRequest<Frame[]>;
  request.onsuccess = () => {
    request.result.forEach(visit);
    atEnd();
  };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(asError(request.error));
  });
}

/** Waits for the end of the transaction. Until then, storing the data can still fail, for example because the disk is full. */
function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(asError(transaction.error));
  });
}

const asError = (error: DOMException | null): Error => error ?? new Error("the database failed");
