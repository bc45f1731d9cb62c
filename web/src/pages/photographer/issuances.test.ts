import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { setServiceTime } from "../../words/clock";
import type { Issuance } from "./issuances";

vi.mock("../../words/language", () => ({ language: { value: "en" } }));
vi.mock("../../api/session", async () => ({ onEnd: [], session: (await import("@preact/signals")).signal({ role: { business: { id: "b1" } } }) }));
/** One function for each pending request for the list. A test calls the function to complete the request. */
const lists = vi.hoisted(() => [] as ((issuances: unknown[]) => void)[]);
vi.mock("../../api/client", () => ({
  api: { GET: () => new Promise((resolve) => lists.push((issuances) => resolve({ issuances }))) },
  responseData: (response: unknown) => response,
}));
vi.stubGlobal("location", { origin: "https://myphoto.example.gr" });

const { cacheIssuances, cachedIssuance, listIssuances, mayChange, mayCorrect, mayResend } = await import("./issuances");

const NOW = Date.parse("2026-11-30T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const issuance = (state: Issuance["state"], kind: "email" | "mobile", sentMinutesAgo: number, issuedMinutesAgo = sentMinutesAgo): Issuance => ({
  upload_id: "u1",
  profile: "standard",
  images: ["face"],
  recipient: { kind, masked: "m•••@example.gr" },
  language: "el",
  issued_at: minutesAgo(issuedMinutesAgo),
  expires_at: "2026-12-14T12:00:00Z",
  state,
  delivery: { state: "sent", attempts: 1, sent_at: minutesAgo(sentMinutesAgo) },
  associated: state === "associated",
  reminder: false,
  resends: { left: 3, list: [] },
  verdicts: [],
  issued_by_you: true,
  issued_by: { capacity: "owner" },
});

beforeEach(() => vi.useFakeTimers({ now: NOW, toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
});

test("a delivery may change while it is queued, and an email's for a quarter of an hour after it was sent", () => {
  expect(mayChange(issuance("queued", "mobile", 300))).toBe(true);
  expect(mayChange(issuance("sent", "email", 1))).toBe(true);
  expect(mayChange(issuance("sent", "email", 16))).toBe(false);
  expect(mayChange(issuance("sent", "mobile", 1))).toBe(false);
});

test.each(["failed", "associated", "expired"] as const)("%s is final", (state) => {
  expect(mayChange(issuance(state, "email", 1))).toBe(false);
});

test("a recipient is corrected after a permanent failure, within 24 hours of the issue and as often as is allowed", () => {
  const failed = (permanent: boolean, issuedMinutesAgo = 1) => ({ ...issuance("failed", "email", 1, issuedMinutesAgo), failure: { reason: "address_unknown", message: "m", permanent } }) as Issuance;
  expect(mayCorrect(failed(true))).toBe(true);
  expect(mayCorrect(failed(true, 24 * 60 + 1))).toBe(false);
  expect(mayCorrect({ ...failed(true), resends: { left: 0, list: [] } })).toBe(false);
  // After a temporary failure, such as a full mailbox, the code may be sent again, because the address may be correct.
  expect([mayCorrect(failed(false)), mayResend(failed(false))]).toEqual([false, true]);
  expect(mayCorrect(issuance("failed", "email", 1))).toBe(false);
  expect(mayCorrect(issuance("sent", "email", 1))).toBe(false);
});

test.each([-1, 1])("a code can be sent again for 24 hours by the service's clock if the device's clock is wrong by %i day", (days) => {
  vi.setSystemTime(NOW + days * 86_400_000);
  setServiceTime(NOW);
  expect(mayResend(issuance("sent", "mobile", 24 * 60 - 1))).toBe(true);
  expect(mayResend(issuance("sent", "mobile", 24 * 60 + 1))).toBe(false);
  vi.setSystemTime(NOW);
  setServiceTime(NOW);
});

test("no address of a customer stays in memory with the issuance", () => {
  const issued = issuance("queued", "email", 0);
  cacheIssuances([{ ...issued, recipient: { ...issued.recipient, suggestion: "maria@gmail.com" } }], "b1");
  expect(JSON.stringify(cachedIssuance("u1"))).not.toContain("maria");
  expect(cachedIssuance("u1")).toEqual(issued);
});

test("an older response does not undo a newer one, nor what an action has changed since", async () => {
  lists.length = 0;
  const older = listIssuances({ limit: 25 });
  const newer = listIssuances({ limit: 25 });
  lists[1]?.([issuance("sent", "mobile", 1)]);
  expect((await newer).issuances[0]?.state).toBe("sent");
  lists[0]?.([issuance("queued", "mobile", 1)]);
  expect([(await older).issuances[0]?.state, cachedIssuance("u1")?.state]).toEqual(["sent", "sent"]);
  const poll = listIssuances({ limit: 25 });
  cacheIssuances([issuance("queued", "mobile", 0)], "b1");
  lists[2]?.([issuance("failed", "mobile", 1), { ...issuance("failed", "mobile", 1), upload_id: "u2" }]);
  expect([(await poll).issuances.map(({ state }) => state), cachedIssuance("u1")?.state, cachedIssuance("u2")?.state]).toEqual([["queued", "failed"], "queued", "failed"]);
  const later = listIssuances({ limit: 25 });
  lists[3]?.([issuance("sent", "mobile", 0)]);
  expect([(await later).issuances[0]?.state, cachedIssuance("u1")?.state]).toEqual(["sent", "sent"]);
});
