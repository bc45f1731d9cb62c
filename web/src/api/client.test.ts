import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type * as Client from "./client";

vi.mock("../words/language", () => ({ language: { value: "el" } }));

let client: typeof Client;
let respond: (signal: AbortSignal) => Promise<Response>;

beforeEach(async () => {
  vi.stubGlobal("location", { origin: "https://myphoto.example.gr" });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("fetch", (_request: Request, { signal }: { signal: AbortSignal }) => respond(signal));
  client = await import("./client");
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const failure = () => client.responseData(client.api.GET("/v1/session")).catch((error: unknown) => error);

it("a request that breaks while there is a network is interrupted", async () => {
  respond = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(await failure()).toMatchObject({ reason: "interrupted" });
});

it("a request without a network is offline", async () => {
  vi.stubGlobal("navigator", { onLine: false });
  respond = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(await failure()).toMatchObject({ reason: "offline" });
});

it("a response that breaks in the middle is interrupted", async () => {
  respond = () => Promise.resolve(new Response(new ReadableStream({ start: (body) => body.error(new TypeError("network error")) })));
  expect(await failure()).toMatchObject({ reason: "interrupted" });
});

it("a response that does not begin is slow", async () => {
  vi.useFakeTimers();
  respond = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));
  const failed = failure();
  await vi.advanceTimersByTimeAsync(35_000);
  expect(await failed).toMatchObject({ reason: "slow" });
});

it.each([
  [502, "text/html", "<h1>Bad gateway</h1>"],
  [200, "text/html", "<h1>Wi-Fi of the hotel</h1>"],
  [500, "application/json", '{"message":"Internal server error"}'],
])("a response that is not from the service (%i, %s) is broken", async (status, type, body) => {
  respond = () => Promise.resolve(new Response(body, { status, headers: { "Content-Type": type } }));
  expect(await failure()).toMatchObject({ reason: "broken" });
});

it("a problem keeps its code, and its response reports the service's time", async () => {
  const problem = { code: "no_session", title: "t", detail: "d", status: 401, type: "/problems/no_session" };
  const onResponse = vi.spyOn(client.listeners, "onResponse");
  respond = () => Promise.resolve(new Response(JSON.stringify(problem), { status: 401, headers: { "Content-Type": "application/problem+json", Date: "Mon, 30 Nov 2026 12:00:00 GMT" } }));
  expect(await failure()).toMatchObject({ problem });
  expect(onResponse).toHaveBeenCalledWith(problem, Date.parse("2026-11-30T12:00:00Z"));
});
