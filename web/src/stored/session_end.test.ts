import { beforeEach, expect, test, vi } from "vitest";

import type { SessionState } from "../api/session";
import { eventually, newBrowser } from "../pages/photographer/stored/fake_page";

const HOUR_MS = 3_600_000;
const outside = vi.hoisted(() => ({ time: 1_000_000_000_000, state: undefined as unknown as { value: unknown } }));
vi.mock("../words/clock", () => ({ deviceTime: () => outside.time }));
vi.mock("../api/session", async () => {
  outside.state = (await import("@preact/signals")).signal({ kind: "unknown" });
  return { sessionState: outside.state };
});

newBrowser();
const { listFrames, openDatabase, writeGroup } = await import("./database");
const { countEntries, forgetRemovedEntries, markStored, removedEntries, removeUnsent, removeUnsentAtSessionEnd } = await import("./session_end");

async function put(kind: "draft" | "entry", group: string, session: string, age = 0): Promise<void> {
  markStored();
  const database = await openDatabase();
  const frame = (id: string, kind: "draft" | "entry" | "part") => ({ frame: { id, kind, group, session, storedAt: outside.time - age }, sealed: new ArrayBuffer(1) });
  await writeGroup(database, group, [frame(group, kind), frame(`${group}/p`, "part")], new Set());
  database.close();
}

async function groups(): Promise<string[]> {
  const database = await openDatabase();
  const frames = await listFrames(database);
  database.close();
  return [...new Set(frames.map(({ group }) => group))].sort();
}

const setState = (state: SessionState) => (outside.state.value = state);
const signedIn = (expires_at: string) => ({ kind: "signed_in", session: { expires_at } }) as SessionState;

removeUnsentAtSessionEnd();
beforeEach(() => {
  setState({ kind: "unknown" });
  newBrowser();
  forgetRemovedEntries();
});

test("only records of this session stay, and the removed entries are counted for the page to say so", async () => {
  await put("draft", "draft a", "now");
  await put("entry", "entry a", "now");
  await put("draft", "draft b", "before");
  await put("entry", "entry b", "before");
  await put("entry", "entry c", "before");
  await removeUnsent("now", true);
  expect(await groups()).toEqual(["draft a", "entry a"]);
  expect(removedEntries.value).toBe(2);
  expect(await countEntries()).toBe(1);
  forgetRemovedEntries();
  expect(removedEntries.value).toBe(0);
});

test("a draft that was not changed for an hour is removed with its pictures, and an entry of the queue stays", async () => {
  await put("draft", "draft old", "now", HOUR_MS);
  await put("draft", "draft new", "now", HOUR_MS - 1);
  await put("entry", "entry", "now", 2 * HOUR_MS);
  await removeUnsent("now", true);
  expect(await groups()).toEqual(["draft new", "entry"]);
  expect(removedEntries.value).toBe(0);
});

test("the end of a session removes everything: with a count if it ended by itself, without one after signing out", async () => {
  for (const [reason, count] of [["expired", 1], ["signed_out", 0]] as const) {
    forgetRemovedEntries();
    setState(signedIn("now"));
    await put("draft", "draft", "now");
    await put("entry", "entry", "now");
    setState({ kind: "signed_out", reason });
    await eventually(async () => expect(await groups()).toEqual([]));
    await eventually(() => expect(removedEntries.value).toBe(count));
  }
});

test("the next person who signs in finds nothing of the session before", async () => {
  await put("draft", "draft", "before");
  await put("entry", "entry", "before");
  setState(signedIn("now"));
  await eventually(async () => expect(await groups()).toEqual([]));
  await eventually(() => expect(removedEntries.value).toBe(1));
});

test("a browser in which nothing was stored opens no database", async () => {
  const open = vi.spyOn(indexedDB, "open");
  await removeUnsent("now", true);
  expect([await countEntries(), open.mock.calls.length]).toEqual([0, 0]);
});

test("who signs out was asked, so the next sign-in reports nothing, even if the page was left before the removal", async () => {
  setState(signedIn("before"));
  await put("entry", "entry", "before");
  const open = vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new Error("the page is left");
  });
  setState({ kind: "signed_out", reason: "signed_out" });
  await Promise.resolve();
  open.mockRestore();
  expect(await groups()).toEqual(["entry"]);
  setState(signedIn("now"));
  await eventually(async () => expect(await groups()).toEqual([]));
  // After the removal, the page forgets that the user was asked.
  await eventually(() => expect(localStorage.getItem("unsent-was-asked")).toBeNull());
  expect(removedEntries.value).toBe(0);
  // If a later session expires, its removed entries are reported.
  await put("entry", "entry", "now");
  setState({ kind: "signed_out", reason: "expired" });
  await eventually(() => expect(removedEntries.value).toBe(1));
});
