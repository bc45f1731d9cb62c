import { beforeEach, expect, test, vi } from "vitest";

vi.mock("./session", () => ({ onEnd: [] }));
const items = new Map<string, string>();
vi.stubGlobal("sessionStorage", { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value), removeItem: (key: string) => void items.delete(key) });
const replaceState = vi.fn();
vi.stubGlobal("history", { state: null, replaceState });

const { clearPendingCode, pendingCode, takeCodeFromUrl } = await import("./pending_code");

const CODE = "adEC3wlknv5LcQn5W65twA";
const OLD_CODE = "+/EC3wlknv5LcQn5W65twA";

function open(hash: string): void {
  vi.stubGlobal("location", { hash, pathname: "/", search: "?utm=mail" });
  takeCodeFromUrl();
}

beforeEach(() => {
  clearPendingCode();
  replaceState.mockClear();
});

test.each([
  [`#code=${CODE}`, CODE],
  [`#CODE=${CODE}`, CODE],
  [`#Code=${CODE}`, CODE],
  [`#lang=el&code=${CODE}`, CODE],
  [`#code=${OLD_CODE}`, OLD_CODE],
  [`#code=${encodeURIComponent(OLD_CODE)}`, OLD_CODE],
  // An incomplete code is stored too, so that the field can show what is wrong with it.
  [`#code=${CODE.slice(1)}`, CODE.slice(1)],
])("the code of a link is taken out of the URL: %s", (hash, code) => {
  open(hash);
  expect(pendingCode.value).toBe(code);
  expect(items.get("code")).toContain(code);
  expect(replaceState).toHaveBeenCalledExactlyOnceWith(null, "", "/?utm=mail");
});

test.each(["", "#", "#main", `#codes=${CODE}`])("a URL without a code stays as it is: %j", (hash) => {
  open(hash);
  expect([pendingCode.value, items.size, replaceState.mock.calls.length]).toEqual([undefined, 0, 0]);
});
