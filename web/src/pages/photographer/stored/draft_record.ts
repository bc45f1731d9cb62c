/* Turns the draft into a record that can be stored, and turns a stored record back into the draft. */
import { batch } from "@preact/signals";

import * as draft from "../draft";
import type { ChosenPicture, FaceSearch, Recipient, Report } from "../draft";
import type { WithoutFace } from "../api_types";
import type { Crop } from "../picture/crop";
import { openPicture } from "../picture/decode";
import type { Placement } from "../picture/placement";
import { KINDS, PROFILES, type Kind, type Profile, type Size } from "../picture/profiles";

/** Version of the record's format, increased with each change of the format. Records of other versions are ignored. */
const VERSION = 1;

type SourceRecord = { readonly part: string; readonly name: string; readonly type: string; readonly lastModified: number };
type FinishedRecord = { readonly part: string; readonly type: string; readonly size: Size; readonly sha256: string; readonly isOriginalFile: boolean };
type PictureRecord = {
  readonly source: SourceRecord;
  readonly initialCrop: Crop;
  readonly crop: Crop;
  readonly isCorrected: boolean;
  readonly mustRedraw: boolean;
  readonly face?: FaceSearch;
  readonly placement?: Placement;
  readonly finished?: FinishedRecord;
};
type UploadRecord = { readonly fingerprint: string; readonly upload: draft.UploadProgress["upload"]; readonly uploaded: readonly Kind[] };

export type DraftRecord = {
  readonly version: number;
  readonly profile: Profile;
  readonly recipient: Recipient;
  readonly withoutFace?: WithoutFace | undefined;
  readonly upload?: UploadRecord | undefined;
  readonly report?: Report | undefined;
  readonly pictures: Readonly<Partial<Record<Kind, PictureRecord>>>;
};

/** Maps each blob to the name of its stored part. The name does not change, so that a picture is encrypted and stored only once. */
const parts = new WeakMap<Blob, string>();

export function partOf(blob: Blob): string {
  let part = parts.get(blob);
  if (part === undefined) {
    part = crypto.randomUUID();
    parts.set(blob, part);
  }
  return part;
}

/**
 * Returns the current draft as a record, and its files, keyed by the names of their parts. Reads every signal that the record contains, so
 * that a calling effect runs after each change.
 */
export function recordOf(): { readonly record: DraftRecord; readonly files: ReadonlyMap<string, Blob> } {
  const files = new Map<string, Blob>();
  const add = (blob: Blob) => {
    files.set(partOf(blob), blob);
    return partOf(blob);
  };
  const pictures = Object.fromEntries(KINDS.flatMap((kind) => (draft.pictures.value[kind] === undefined ? [] : [[kind, pictureRecord(draft.pictures.value[kind], add)]])));
  const progress = draft.uploadProgress.value;
  const upload = progress === undefined ? undefined : { fingerprint: progress.fingerprint, upload: progress.upload, uploaded: [...progress.uploaded] };
  return { record: { version: VERSION, profile: draft.profile.value, recipient: draft.recipient.value, withoutFace: draft.withoutFace.value, upload, report: draft.currentReport.value, pictures }, files };
}

function pictureRecord({ source, initialCrop, crop, isCorrected, mustRedraw, face, placement, finished }: ChosenPicture, add: (blob: Blob) => string): PictureRecord {
  const { name, type, lastModified } = source.file;
  return {
    source: { part: add(source.file), name, type, lastModified },
    initialCrop,
    crop,
    isCorrected,
    mustRedraw,
    ...(face === undefined ? {} : { face }),
    ...(placement === undefined ? {} : { placement }),
    ...(finished === undefined ? {} : { finished: { part: add(finished.file), type: finished.file.type, size: finished.size, sha256: finished.sha256, isOriginalFile: finished.isOriginalFile } }),
  };
}

/**
 * Returns whether the draft contains anything about a customer. The chosen document and the language alone say nothing about a customer.
 */
export function isAboutCustomer({ recipient, pictures }: Pick<DraftRecord, "recipient" | "pictures">): boolean {
  const personal = Object.entries(recipient).filter(([name]) => name !== "kind" && name !== "language");
  return Object.keys(pictures).length > 0 || personal.some(([, value]: [string, unknown]) => value !== "" && value !== false && value !== undefined);
}

/** Returns whether the draft equals the draft at the start of a session. */
export function isUnchanged(record: DraftRecord): boolean {
  const { profile, recipient } = record;
  return !isAboutCustomer(record) && profile === "standard" && recipient.kind === draft.EMPTY_RECIPIENT.kind && recipient.language === draft.EMPTY_RECIPIENT.language;
}

/** Returns the record, or undefined if a page of another version has stored it. */
export function asDraftRecord(head: unknown): DraftRecord | undefined {
  const record = head as DraftRecord | undefined;
  return record?.version === VERSION && PROFILES.includes(record.profile) ? record : undefined;
}

/**
 * Restores a record into the empty draft. Leaves out a picture that cannot be opened any more, so that the page asks for it again. If
 * `isCurrent` returns false after the pictures were opened, the record belongs to another session or business: restores nothing, and
 * returns false.
 */
export async function restore(record: DraftRecord, readPart: (part: string) => Promise<ArrayBuffer>, isCurrent: () => boolean): Promise<boolean> {
  const restored: Partial<Record<Kind, ChosenPicture>> = {};
  for (const kind of KINDS) {
    const picture = record.pictures[kind];
    if (picture === undefined) continue;
    try {
      restored[kind] = await restorePicture(picture, readPart);
    } catch (error) {
      console.warn("a stored picture does not open", error);
    }
  }
  if (!isCurrent()) {
    Object.values(restored).forEach(draft.releasePicture);
    return false;
  }
  const { upload, report } = record;
  batch(() => {
    draft.profile.value = record.profile;
    draft.recipient.value = { ...draft.EMPTY_RECIPIENT, ...record.recipient };
    draft.pictures.value = restored;
    draft.uploadProgress.value = upload === undefined ? undefined : { ...upload, uploaded: new Set(upload.uploaded) };
    draft.report.value = report;
  });
  // A change of the pictures clears `withoutFace`, so `withoutFace` is set last.
  draft.withoutFace.value = record.withoutFace;
  const { face } = restored;
  if (face?.face === "searching") void draft.searchFace(face.source);
  return true;
}

async function restorePicture({ source, finished, ...others }: PictureRecord, readPart: (part: string) => Promise<ArrayBuffer>): Promise<ChosenPicture> {
  const file = new File([await readPart(source.part)], source.name, { type: source.type, lastModified: source.lastModified });
  parts.set(file, source.part);
  const opened = await openPicture(file);
  if (finished === undefined) return { ...others, source: opened };
  const made = finished.part === source.part ? file : new Blob([await readPart(finished.part)], { type: finished.type });
  parts.set(made, finished.part);
  return { ...others, source: opened, finished: { file: made, size: finished.size, sha256: finished.sha256, isOriginalFile: finished.isOriginalFile, url: URL.createObjectURL(made) } };
}

/** Returns an ID for the draft of one customer. */
export const newDraftGroup = () => `draft ${crypto.randomUUID()}`;
