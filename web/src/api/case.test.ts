import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type * as CaseModule from "./case";
import type * as Client from "./client";
import type * as SessionModule from "./session";

vi.mock("../words/language", () => ({ language: { value: "el" } }));

const NOW = Date.parse("2026-11-30T10:00:00Z");
const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString();

type SessionCase = { handle: string; expires_at: string };

const reference = (handle: string): SessionCase => ({ handle, expires_at: minutes(20) });
const clerkSession = (open?: SessionCase) => ({
  stage: "ready",
  person: { first_name: "Λ", last_name: "Χ", afm: "438172652", birth_date: "1988-05-03" },
  role: { kind: "kep_clerk", office: { id: "KEP-0417", name: "ΚΕΠ Ασπροχωρίου" } },
  roles: [],
  minors: [],
  idle_expires_at: minutes(30),
  expires_at: minutes(480),
  ...(open === undefined ? {} : { case: open }),
});
const caseOf = (handle: string, change: object = {}) =>
  ({
    ...reference(handle),
    stage: "ready",
    presence: "otp",
    office: { id: "KEP-0417", name: "ΚΕΠ Ασπροχωρίου" },
    application_number: "12/2026",
    language: "el",
    person: { first_name: "ΔΗΜΗΤΡΑ", last_name: "ΟΙΚΟΝΟΜΟΥ", birth_date: "1983-08-30" },
    opened_at: minutes(0),
    minors: [],
    done: [],
    ...change,
  }) as CaseModule.Case;

let client: typeof Client;
let session: typeof SessionModule;
let cases: typeof CaseModule;
let page: EventTarget;
let responses: Record<string, () => Promise<Response>>;
const cleared = vi.fn();

const json = (status: number, body: object) => () =>
  Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": status < 400 ? "application/json" : "application/problem+json", Date: vi.getMockedSystemTime()?.toUTCString() ?? "" } }));
const problem = (status: number, code: string) => json(status, { code, title: "t", detail: "d", status });

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW });
  vi.resetModules();
  cleared.mockClear();
  page = new EventTarget();
  vi.stubGlobal("location", { origin: "https://myphoto.example.gr", pathname: "/kep", search: "", reload: vi.fn() });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", page);
  Reflect.deleteProperty(globalThis, "BroadcastChannel");
  responses = { "/v1/session": json(200, clerkSession()) };
  vi.stubGlobal("fetch", (request: Request) => (responses[new URL(request.url).pathname] ?? problem(404, "not_found"))());
  client = await import("./client");
  session = await import("./session");
  cases = await import("./case");
  session.onEnd.push(cleared);
  cases.endCaseAtExpiry();
  await session.refreshSession();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a case that the clerk opens", () => {
  it("is named in the session and is the open case", () => {
    cases.setCase(caseOf("a"));
    expect([session.session.value?.case, cases.openCase.value?.person.last_name]).toEqual([reference("a"), "ΟΙΚΟΝΟΜΟΥ"]);
  });

  it("is loaded after a reload of the page", async () => {
    responses["/v1/session"] = json(200, clerkSession(reference("a")));
    responses["/v1/kep/cases/a"] = json(200, caseOf("a"));
    await session.refreshSession();
    expect(cases.openCase.value).toBeUndefined();
    await cases.loadCase();
    expect(cases.openCase.value?.handle).toBe("a");
  });
});

describe("the end of a case", () => {
  beforeEach(() => cases.setCase(caseOf("a")));

  const isGone = () => {
    expect([session.session.value?.case, cases.openCase.value]).toEqual([undefined, undefined]);
    expect(cleared).toHaveBeenCalledExactlyOnceWith("case_over");
    expect(session.sessionState.value.kind).toBe("signed_in");
  };

  it("clears the person's data at once when the clerk closes it, and the clerk stays signed in", () => {
    cases.endCase("closed");
    isGone();
    expect(cases.lastCaseEnd.value).toEqual({ reason: "closed", isMessageSent: true });
  });

  it("comes by itself at the expiry, to the second", () => {
    vi.advanceTimersByTime(20 * 60_000 - 1_000);
    expect(cases.openCase.value?.handle).toBe("a");
    vi.advanceTimersByTime(1_000);
    isGone();
    expect(cases.lastCaseEnd.value?.reason).toBe("expired");
  });

  it("comes as soon as a tab is shown whose timers did not run", () => {
    vi.setSystemTime(NOW + 21 * 60_000);
    expect(cases.openCase.value?.handle).toBe("a");
    page.dispatchEvent(new Event("visibilitychange"));
    isGone();
  });

  it("comes when the service says that the case is over", async () => {
    responses["/v1/kep/cases/a"] = problem(409, "case_over");
    await expect(cases.loadCase()).rejects.toMatchObject({ problem: { code: "case_over" } });
    isGone();
    expect(cases.lastCaseEnd.value?.reason).toBe("elsewhere");
  });

  it("comes when the session has no case any more, or another one", async () => {
    responses["/v1/session"] = json(200, clerkSession(reference("b")));
    await session.refreshSession();
    expect(cleared).toHaveBeenCalledExactlyOnceWith("case_over");
    expect([session.session.value?.case?.handle, cases.openCase.value]).toEqual(["b", undefined]);
  });

  it("drops responses that were requested before it", async () => {
    let deliver: () => void = () => undefined;
    responses["/v1/applications"] = () => new Promise((resolve) => (deliver = () => void json(200, { applications: [] })().then(resolve)));
    const pending = client.responseData(client.api.GET("/v1/applications")).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(0);
    cases.endCase("closed");
    deliver();
    expect(await pending).toEqual(new client.ConnectionError("interrupted"));
  });

  it("does not promise a message to a person whose presence was not proven by a password", () => {
    for (const change of [{ stage: "presence" }, { presence: "declaration" }]) {
      cases.setCase(caseOf("a", change));
      cases.endCase("closed");
      expect(cases.lastCaseEnd.value?.isMessageSent).toBe(false);
    }
  });

  it("comes with the end of the session, which leaves nothing of it", () => {
    session.endSession("signed_out");
    expect([cases.openCase.value, cases.lastCaseEnd.value]).toEqual([undefined, undefined]);
    expect(cleared).toHaveBeenCalledExactlyOnceWith("signed_out");
  });

  it("is forgotten when the next case is opened", () => {
    cases.endCase("closed");
    cases.setCase(caseOf("b"));
    expect([cases.lastCaseEnd.value, cases.openCase.value?.handle]).toEqual([undefined, "b"]);
  });
});
