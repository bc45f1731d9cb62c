import { beforeEach, expect, test, vi } from "vitest";

vi.mock("../../../api/session", async () => ({ sessionState: (await import("@preact/signals")).signal({ kind: "unknown" }) }));

const { everythingStored, KEYS, newBrowser } = await import("./fake_page");
newBrowser();
const { MissingRecord } = await import("../../../stored/database");
const { openVault } = await import("./vault");
const { sealerOf } = await import("./sealing");

const SESSION = "2126-01-01T00:00:00Z";
const picture = (text: string) => new Blob([text]);
const text = (bytes: ArrayBuffer) => new TextDecoder().decode(bytes);

beforeEach(newBrowser);

test("a group is read back with its pictures, and nothing of it is readable in the database", async () => {
  const vault = await openVault(KEYS.first, SESSION, () => true);
  await vault.write("draft", "g", { to: "6912345678" }, new Map([["p", picture("a face")]]));
  expect(await vault.list("draft")).toMatchObject([{ group: "g", head: { to: "6912345678" } }]);
  expect(text(await vault.readPart("g", "p"))).toBe("a face");
  const stored = await everythingStored();
  expect(stored).toContain(SESSION);
  for (const secret of ["6912345678", "a face", KEYS.first]) expect(stored).not.toContain(secret);
});

test("another session or business reads nothing, and removes nothing of this session", async () => {
  const vault = await openVault(KEYS.first, SESSION, () => true);
  await vault.write("entry", "g", {}, new Map([["p", picture("a face")]]));
  const other = await openVault(KEYS.second, SESSION, () => true);
  expect(await other.list("entry")).toEqual([]);
  await expect(other.readPart("g", "p")).rejects.toThrow();
  expect(await vault.list("entry")).toHaveLength(1);
  // The right key is not enough, because a vault lists only the records of its own session.
  expect(await (await openVault(KEYS.first, "2126-01-01T00:00:01Z", () => true)).list("entry")).toEqual([]);
});

test("a picture does not open as the picture of another customer", async () => {
  const sealer = await sealerOf(KEYS.first);
  const sealed = await sealer.seal("part a p", new TextEncoder().encode("a face"));
  expect(text(await sealer.open("part a p", sealed))).toBe("a face");
  await expect(sealer.open("part b p", sealed)).rejects.toThrow();
  const changed = new Uint8Array(sealed.slice(0));
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  await expect(sealer.open("part a p", changed.buffer)).rejects.toThrow();
  // Encrypting the same picture twice gives different data, so the stored data does not show that the pictures are equal.
  expect(new Uint8Array(await sealer.seal("part a p", new TextEncoder().encode("a face")))).not.toEqual(new Uint8Array(sealed));
});

test("a picture that the group no longer has is removed, and one that it still has stays", async () => {
  const vault = await openVault(KEYS.first, SESSION, () => true);
  await vault.write("draft", "g", {}, new Map([["old", picture("old")], ["same", picture("same")]]));
  await vault.write("draft", "other", {}, new Map([["p", picture("other")]]));
  await vault.write("draft", "g", {}, new Map([["same", undefined], ["new", picture("new")]]));
  await expect(vault.readPart("g", "old")).rejects.toThrow();
  expect(text(await vault.readPart("g", "same"))).toBe("same");
  expect(text(await vault.readPart("g", "new"))).toBe("new");
  expect(text(await vault.readPart("other", "p"))).toBe("other");
  await vault.remove("g");
  expect(await vault.list("draft")).toMatchObject([{ group: "other" }]);
  await expect(vault.readPart("g", "same")).rejects.toThrow();
});

test("a head whose pictures were removed meanwhile is not written without them", async () => {
  const vault = await openVault(KEYS.first, SESSION, () => true);
  await vault.write("draft", "g", { to: 1 }, new Map([["p", picture("a face")]]));
  await vault.remove("g");
  await expect(vault.write("draft", "g", { to: 2 }, new Map([["p", undefined]]))).rejects.toBeInstanceOf(MissingRecord);
  expect(await everythingStored()).toBe("");
});

test("a group replaces another one in one transaction: both change, or none", async () => {
  const vault = await openVault(KEYS.first, SESSION, () => true);
  await vault.write("draft", "a", {}, new Map([["p", picture("a face")]]));
  await expect(vault.write("entry", "b", {}, new Map([["p", undefined]]), "a")).rejects.toThrow();
  expect([await vault.list("entry"), text(await vault.readPart("a", "p"))]).toEqual([[], "a face"]);
  await vault.write("entry", "b", {}, new Map([["p", picture("a face")]]), "a");
  expect([await vault.list("draft"), text(await vault.readPart("b", "p"))]).toEqual([[], "a face"]);
  await expect(vault.readPart("a", "p")).rejects.toThrow();
});

test("nothing is written once the session or the business has changed, even if the encryption had begun before", async () => {
  let isCurrent = true;
  const vault = await openVault(KEYS.first, SESSION, () => isCurrent);
  const written = vault.write("entry", "g", {}, new Map([["p", picture("a face")]]));
  isCurrent = false;
  await expect(written).rejects.toThrow();
  expect(await everythingStored()).toBe("");
});
