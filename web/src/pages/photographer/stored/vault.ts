/*
 * The encrypted records of this session and this business: drafts, and entries of the queue. A group is one draft or one entry. It consists
 * of its pictures and of a head, which is JSON and names the pictures. The ID of the group is authenticated when a picture is decrypted, so
 * a picture cannot be decrypted as a part of another customer's group.
 */
import { listFrames, openDatabase, readContent, removeRecords, writeGroup, type Frame, type StoredRecord } from "../../../stored/database";
import { markStored } from "../../../stored/session_end";
import { deviceTime } from "../../../words/clock";
import { sealerOf, type Sealer } from "./sealing";

export type GroupKind = "draft" | "entry";

export type Vault = {
  /** Returns those groups of a kind, oldest first, that the key of this session and business can decrypt. */
  readonly list: (kind: GroupKind) => Promise<readonly { readonly group: string; readonly storedAt: number; readonly head: unknown }[]>;
  readonly readHead: (kind: GroupKind, group: string) => Promise<unknown>;
  readonly readPart: (group: string, part: string) => Promise<ArrayBuffer>;
  /**
   * Stores the head and the new pictures of a group. Removes pictures of the group that are not in `parts`. If the value of a part is
   * `undefined`, its picture must already be stored. Throws `MissingRecord` if it is not. The same transaction removes the group
   * `replaced`.
   */
  readonly write: (kind: GroupKind, group: string, head: unknown, parts: ReadonlyMap<string, Blob | undefined>, replaced?: string) => Promise<void>;
  readonly remove: (group: string) => Promise<void>;
};

/**
 * Opens the vault. `session` is the session's `expires_at`, which identifies the session. `isCurrent` tells whether the page still acts in
 * this session and for this business. If it returns false, nothing is written, because the records of the session may already have been
 * removed. Rejects if the browser stores nothing.
 */
export async function openVault(key: string, session: string, isCurrent: () => boolean): Promise<Vault> {
  markStored();
  const [sealer, database] = await Promise.all([sealerOf(key), openDatabase()]);
  const frame = (kind: Frame["kind"], group: string, id: string): Frame => ({ id, kind, group, session, storedAt: deviceTime() });
  const readHead = async (kind: GroupKind, group: string) => {
    const sealed = await readContent(database, group);
    return sealed === undefined ? undefined : parse(await sealer.open(headContext(kind, group), sealed));
  };
  return {
    list: async (kind) => {
      const frames = (await listFrames(database)).filter((one) => one.kind === kind && one.session === session).sort((a, b) => a.storedAt - b.storedAt);
      const heads = await Promise.all(frames.map(({ group }) => readHead(kind, group).catch(() => undefined)));
      return frames.flatMap(({ group, storedAt }, index) => (heads[index] === undefined ? [] : [{ group, storedAt, head: heads[index] }]));
    },
    readHead,
    readPart: async (group, part) => {
      const sealed = await readContent(database, partId(group, part));
      if (sealed === undefined) throw new Error("the picture is missing");
      return sealer.open(partContext(group, part), sealed);
    },
    write: async (kind, group, head, parts, replaced) => {
      const records: StoredRecord[] = [{ frame: frame(kind, group, group), sealed: await sealer.seal(headContext(kind, group), new TextEncoder().encode(JSON.stringify(head))) }];
      for (const [part, content] of parts) {
        if (content !== undefined) records.push({ frame: frame("part", group, partId(group, part)), sealed: await sealPart(sealer, group, part, content) });
      }
      // No `await` may come between this check and the beginning of the transaction, because the session or the business may change during
      // an `await`.
      if (!isCurrent()) throw new Error("the session or the business has changed");
      markStored();
      await writeGroup(database, group, records, new Set([...parts.keys()].map((part) => partId(group, part))), replaced);
    },
    remove: async (group) => {
      await removeRecords(database, (one) => one.group === group);
    },
  };
}

const headContext = (kind: GroupKind, group: string) => `${kind} ${group}`;
const partContext = (group: string, part: string) => `part ${group} ${part}`;
const partId = (group: string, part: string) => `${group}/${part}`;

async function sealPart(sealer: Sealer, group: string, part: string, content: Blob): Promise<ArrayBuffer> {
  return sealer.seal(partContext(group, part), await content.arrayBuffer());
}

const parse = (bytes: ArrayBuffer): unknown => JSON.parse(new TextDecoder().decode(bytes));
