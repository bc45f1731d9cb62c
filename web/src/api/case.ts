/*
 * This page's copy of a KEP clerk's case. The session contains only the handle and the expiry of the case. This module stores the case
 * itself, with the person at the counter and the list of actions. All data is in memory only, and is cleared when the case ends (`onEnd` in
 * session.ts).
 */
import { computed, effect, signal } from "@preact/signals";

import { now } from "../words/clock";
import { api, responseData } from "./client";
import type { paths } from "./schema";
import { broadcastCaseChange, broadcastIdentity, caseListener, dropCase, onEnd, patchSession, session } from "./session";

export type Case = paths["/v1/kep/cases/{case}"]["get"]["responses"]["200"]["content"]["application/json"];
export type CaseAct = Case["done"][number];
/** Reason for the end of a case. `elsewhere`: another tab or the service closed it. `password`: too many wrong one-time passwords. */
export type EndOfCase = "closed" | "expired" | "password" | "elsewhere";
/** `isMessageSent`: the person gets an SMS about the clerk's actions. */
export type CaseEnd = { reason: EndOfCase; isMessageSent: boolean };

const details = signal<Case | undefined>(undefined);
/** The open case, or undefined if there is none or it is not loaded yet. */
export const openCase = computed(() => (details.value?.handle === session.value?.case?.handle ? details.value : undefined));
/** How the last case ended. Cleared when the clerk opens the next case. Contains no data about the person. */
export const lastCaseEnd = signal<CaseEnd | undefined>(undefined);

let plannedEnd: EndOfCase | undefined;
/** Time at which the open case expires. If the case ends earlier and this tab did not end it, another tab or the service closed it. */
let expiry = Infinity;
/**
 * Tolerance in milliseconds, because `now()` may be a few seconds behind the service's clock (`TOLERANCE_MS` in words/clock.ts). A case
 * that ends within this time before its expiry also counts as expired.
 */
const CLOCK_TOLERANCE_MS = 5_000;

onEnd.push((reason) => {
  const isMessageSent = details.value !== undefined && getsMessage(details.value);
  details.value = undefined;
  const isExpired = now() >= expiry - CLOCK_TOLERANCE_MS;
  lastCaseEnd.value = reason === "case_over" ? { reason: plannedEnd ?? (isExpired ? "expired" : "elsewhere"), isMessageSent } : undefined;
});

/** Returns whether the person gets an SMS when the case ends. The SMS goes to the mobile that received the one-time password. */
export function getsMessage({ presence, stage }: Case): boolean {
  return presence === "otp" && stage !== "presence";
}

export function forgetCaseEnd(): void {
  lastCaseEnd.value = undefined;
}

/** Ends the case in this page, for example after the service has closed it. Clears all data of the person at once. */
export function endCase(reason: EndOfCase): void {
  plannedEnd = reason;
  dropCase();
  plannedEnd = undefined;
}

/** Stores a case that the service returned: a new case, or the open case after a change. */
export function setCase(value: Case): void {
  const current = session.value;
  if (current === undefined) return;
  details.value = value;
  lastCaseEnd.value = undefined;
  if (current.case?.handle === value.handle) {
    broadcastCaseChange();
    return;
  }
  patchSession({ case: { handle: value.handle, expires_at: value.expires_at } });
  broadcastIdentity({ ...current, case: { handle: value.handle, expires_at: value.expires_at } });
}

/** Changes fields of the open case after a call whose response contains the new values. So the case need not be loaded again. */
export function patchCase(change: { [K in "otp" | "minors" | "submissions_left" | "submission"]?: Case[K] | undefined }): void {
  if (details.value !== undefined) details.value = { ...details.value, ...change } as Case;
}

/** Loads the open case from the service. */
export async function loadCase(): Promise<void> {
  const handle = session.value?.case?.handle;
  if (handle === undefined) return;
  const value = await responseData(api.GET("/v1/kep/cases/{case}", { params: { path: { case: handle } } }));
  if (session.value?.case?.handle === value.handle) details.value = value;
}

caseListener.onChange = () => {
  // If this tab has not loaded the case yet, there is nothing to reload. It loads the case when the user opens a page that shows it.
  if (openCase.value !== undefined) loadCase().catch(() => undefined);
};

/** Timers of hidden tabs run late, so the expiry is also checked when the tab is shown. */
export function endCaseAtExpiry(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    const current = session.value?.case;
    if (current === undefined) return;
    expiry = Date.parse(current.expires_at);
    const left = expiry - now();
    if (left <= 0) endCase("expired");
    else timer = setTimeout(check, left);
  };
  effect(check);
  document.addEventListener("visibilitychange", check);
}
