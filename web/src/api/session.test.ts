import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { eventually } from "../pages/photographer/stored/fake_page";
import type * as Client from "./client";
import type * as SessionModule from "./session";

vi.mock("../words/language", () => ({ language: { value: "el" } }));

const sessionOf = (afm: string) => ({ stage: "ready", person: { first_name: "Α", last_name: "Β", afm, birth_date: "1990-01-01" }, roles: [], minors: [], idle_expires_at: "2126-01-01T00:00:00Z", expires_at: "2126-01-01T00:00:00Z" });
const NO_SESSION = { code: "no_session", title: "t", detail: "d", status: 401 };

let client: typeof Client;
let session: typeof SessionModule;
let page: EventTarget;
let respond: () => Promise<Response>;
const reload = vi.fn();
const ended = vi.fn();

const json = (status: number, body: object) => () => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": status === 200 ? "application/json" : "application/problem+json" } }));
const dispatch = (type: "pagehide" | "pageshow", persisted: boolean) => page.dispatchEvent(Object.assign(new Event(type), { persisted }));
const settled = () => eventually(() => expect(session.pendingCheck.value).not.toBe("running"));

beforeEach(async () => {
  vi.resetModules();
  reload.mockClear();
  ended.mockClear();
  page = new EventTarget();
  vi.stubGlobal("location", { origin: "https://myphoto.example.gr", pathname: "/", search: "", reload });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("fetch", () => respond());
  // The stub only sets the property to undefined. Remove the property, because the session module tests with `in` whether it exists.
  Reflect.deleteProperty(globalThis, "BroadcastChannel");
  client = await import("./client");
  session = await import("./session");
  session.onEnd.push(ended);
  session.checkSessionOnReturn();
  respond = json(200, sessionOf("068933130"));
  await session.refreshSession();
});
afterEach(() => vi.unstubAllGlobals());

it("hides everything private when the browser leaves the page, and shows it again after the check", async () => {
  dispatch("pagehide", true);
  expect(session.pendingCheck.value).toBe("running");
  dispatch("pageshow", true);
  expect(session.pendingCheck.value).toBe("running");
  await settled();
  expect([session.pendingCheck.value, session.session.value?.person?.afm, ended.mock.calls.length]).toEqual([undefined, "068933130", 0]);
});

it("checks nothing when the page is shown for the first time", () => {
  dispatch("pageshow", false);
  expect(session.pendingCheck.value).toBeUndefined();
});

it("ends if the user has signed out in the meantime", async () => {
  dispatch("pagehide", true);
  respond = json(401, NO_SESSION);
  dispatch("pageshow", true);
  await settled();
  expect(session.sessionState.value.kind).toBe("signed_out");
  expect(ended).toHaveBeenCalledTimes(1);
});

it("loads the page again if somebody else has signed in", async () => {
  dispatch("pagehide", true);
  respond = json(200, sessionOf("094259216"));
  dispatch("pageshow", true);
  await settled();
  expect([session.sessionState.value.kind, reload.mock.calls.length, ended.mock.calls.length]).toEqual(["unknown", 1, 1]);
});

it("shows nothing private while the check fails, and can be repeated", async () => {
  dispatch("pagehide", true);
  respond = () => Promise.reject(new TypeError("Failed to fetch"));
  dispatch("pageshow", true);
  await settled();
  expect(session.pendingCheck.value).toEqual(new client.ConnectionError("interrupted"));
  respond = json(200, sessionOf("068933130"));
  await session.checkSession();
  expect(session.pendingCheck.value).toBeUndefined();
});

it("begins a sign-in in the page's language and with the path to return to", () => {
  const assign = vi.fn();
  vi.stubGlobal("location", { assign });
  session.signIn("/photos?tab=1&x=2");
  session.signIn(`/${"a".repeat(200)}`);
  expect(assign.mock.calls).toEqual([["/v1/sign-in?return_to=%2Fphotos%3Ftab%3D1%26x%3D2&language=el"], ["/v1/sign-in?return_to=%2F&language=el"]]);
});
