/*
 * Simulates the browser around a page, for tests. As in a browser, IndexedDB survives a reload, and a lock is released when its page ends.
 */
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { vi } from "vitest";

/** Names of the locks that pages of this browser hold. */
const locks = new Set<string>();

type Lock = { readonly name: string } | null;

const fakeLocks = {
  request: async (name: string, _options: { readonly ifAvailable: boolean }, use: (lock: Lock) => unknown) => {
    if (locks.has(name)) return use(null);
    locks.add(name);
    await use({ name });
    locks.delete(name);
    return undefined;
  },
};

function fakeStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value), removeItem: (key) => void items.delete(key) };
}

/** Starts a browser that has stored nothing. */
export function newBrowser(): void {
  locks.clear();
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBObjectStore", IDBObjectStore);
  vi.stubGlobal("localStorage", fakeStorage());
  vi.stubGlobal("sessionStorage", fakeStorage());
  vi.stubGlobal("navigator", { onLine: true, locks: fakeLocks });
  vi.stubGlobal("document", page);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
}

/** Ends the page, as a reload or a crash does. Modules that are imported after this call belong to a new page. */
export function endPage(): void {
  locks.clear();
  vi.resetModules();
}

/** Opens another tab. The previous tab stays open and holds its locks. */
export function openTab(): void {
  vi.resetModules();
}

/** Waits until `check` no longer throws. The limit, in milliseconds, is far above what a busy machine needs. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 60_000, interval: 10 });

/** Keys for two sessions or businesses, in the format of the service. */
export const KEYS = { first: "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", second: "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI" } as const;

/** Returns everything that the browser has stored, as one text. */
export async function everythingStored(): Promise<string> {
  const { openDatabase } = await import("../../../stored/database");
  const database = await openDatabase();
  const texts: string[] = [];
  for (const name of Array.from(database.objectStoreNames)) {
    const values = await new Promise<unknown[]>((resolve) => {
      const request = database.transaction(name).objectStore(name).getAll();
      request.onsuccess = () => resolve(request.result);
    });
    for (const value of values) texts.push(value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : JSON.stringify(value));
  }
  database.close();
  return texts.join("\n");
}
