/* This page's copy of the session. All tabs share the session cookie, so they send each other messages about changes. */
import { computed, signal } from "@preact/signals";

import { now, setServiceTime } from "../words/clock";
import { language } from "../words/language";
import { responseData, api, dropPendingResponses, listeners, ProblemError, ConnectionError, type Failure, type Schemas } from "./client";

export type Session = Schemas["Session"];
export type EndReason = "expired" | "signed_out" | "consent_refused";
/** Why data is cleared. At `case_over`, the clerk stays signed in, but the data of the person at the counter is cleared. */
export type ClearReason = EndReason | "case_over";

export type SessionState =
  | { kind: "unknown" }
  | { kind: "signed_out"; reason?: EndReason }
  | { kind: "signed_in"; session: Session }
  | { kind: "unreachable"; failure: ConnectionError | ProblemError };

export const sessionState = signal<SessionState>({ kind: "unknown" });
export const session = computed(() => (sessionState.value.kind === "signed_in" ? sessionState.value.session : undefined));
/** Time at which the session expires if no request extends it, by the service's clock. */
export const endsAt = signal<number | undefined>(undefined);

/**
 * Each successful call extends the session by 30 minutes. The service stores the extension at most once a minute, so the page assumes 29
 * minutes.
 */
const IDLE_TIMEOUT_MS = 29 * 60_000;

/** Returns the latest possible end of the session, by the service's clock. Using the session does not extend it beyond this time. */
export function absoluteEnd(value: Session): number {
  return Date.parse(value.expires_at);
}

function extendIdleEnd(): void {
  const current = session.value;
  if (current === undefined) return;
  endsAt.value = Math.min(now() + IDLE_TIMEOUT_MS, absoluteEnd(current));
  broadcast({ kind: "used", endsAt: endsAt.value, serviceTime: now() });
}

export function setSession(value: Session): void {
  const previous = session.value;
  if (previous?.person !== undefined && afmOf(previous) !== afmOf(value)) {
    // Another person has signed in in another tab. Reload the page, so that it shows no data of the previous person and runs no action
    // under the wrong name.
    runEndHandlers("signed_out");
    sessionState.value = { kind: "unknown" };
    location.reload();
    return;
  }
  const isCaseOver = previous?.case !== undefined && previous.case.handle !== value.case?.handle;
  sessionState.value = { kind: "signed_in", session: value };
  if (isCaseOver) runEndHandlers("case_over");
  extendIdleEnd();
  broadcastIdentity(value);
}

/**
 * Changes fields of the session after a call whose response contains the new values. So the session need not be loaded again. `undefined`
 * removes a field.
 */
export function patchSession(change: { [K in keyof Session]?: Session[K] | undefined }): void {
  if (session.value !== undefined) {
    sessionState.value = { kind: "signed_in", session: { ...session.value, ...change } as Session };
  }
}

/** Ends a clerk's case in this page and tells the other tabs. */
export function dropCase(): void {
  const current = session.value;
  if (current?.case === undefined) return;
  patchSession({ case: undefined });
  runEndHandlers("case_over");
  broadcastIdentity({ ...current, case: undefined });
}

export function endSession(reason: EndReason): void {
  endInThisTab(reason);
  broadcast({ kind: "ended", why: reason });
}

function endInThisTab(reason: EndReason): void {
  endsAt.value = undefined;
  sessionState.value = { kind: "signed_out", reason };
  runEndHandlers(reason);
}

function runEndHandlers(reason: ClearReason): void {
  dropPendingResponses();
  for (const handler of onEnd) {
    handler(reason);
  }
}

/** Handlers that clear data, such as codes and drafts, when the session or a clerk's case ends. */
export const onEnd: ((why: ClearReason) => void)[] = [];

/*
 * The messages between tabs. `used`: the session was used. `ended`: the session has ended. `who`: the session's person (AFM) and case
 * (handle). `case_changed`: the case has changed.
 */
type TabMessage =
  | { kind: "used"; endsAt: number; serviceTime: number }
  | { kind: "ended"; why: EndReason }
  | { kind: "who"; who: string; caseHandle: string }
  | { kind: "case_changed" };

const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("session") : undefined;

function broadcast(message: TabMessage): void {
  tabs?.postMessage(message);
}

/** Tells the other tabs whose session this is, and which case is open. */
export function broadcastIdentity(value: Pick<Session, "person"> & { case?: Session["case"] | undefined }): void {
  broadcast({ kind: "who", who: value.person?.afm ?? "", caseHandle: value.case?.handle ?? "" });
}

/** Makes the other tabs load the case again. */
export function broadcastCaseChange(): void {
  broadcast({ kind: "case_changed" });
}

/**
 * The module of the case sets `onChange`, which is called when another tab has changed the case, or when a response shows that the session
 * has changed (`STAGE_CHANGE_CODES`).
 */
export const caseListener: { onChange: () => void } = { onChange: () => undefined };

function afmOf(value: Session): string {
  return value.person?.afm ?? "";
}

tabs?.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => {
  const current = session.value;
  if (data.kind === "who") {
    // The other tab may have older or newer information than this tab, so ask the service. If this tab has no session, a user has just
    // signed in in the other tab.
    if (current === undefined || data.who !== afmOf(current) || data.caseHandle !== (current.case?.handle ?? "")) refreshSession().catch(() => undefined);
  } else if (data.kind === "case_changed") {
    caseListener.onChange();
  } else if (current !== undefined && data.kind === "used") {
    setServiceTime(data.serviceTime);
    endsAt.value = Math.min(data.endsAt, absoluteEnd(current));
  } else if (current !== undefined && data.kind === "ended") {
    endInThisTab(data.why);
  }
});

/** Loads the session from the service. */
export async function refreshSession(): Promise<void> {
  try {
    setSession(await responseData(api.GET("/v1/session")));
  } catch (failure) {
    if (failure instanceof ProblemError && (failure.problem.code === "no_session" || failure.problem.code === "session_expired")) {
      if (sessionState.value.kind === "signed_in") {
        endSession("expired");
      } else if (sessionState.value.kind !== "signed_out") {
        // No session existed, so the end handlers must not run. They would clear a code that came by link and waits for the sign-in.
        sessionState.value = failure.problem.code === "session_expired" ? { kind: "signed_out", reason: "expired" } : { kind: "signed_out" };
      }
    } else if (sessionState.value.kind !== "signed_in" && (failure instanceof ProblemError || failure instanceof ConnectionError)) {
      sessionState.value = { kind: "unreachable", failure };
    } else {
      throw failure;
    }
  }
}

/**
 * State of the check that the session still exists: `"running"`, or the failure of the last check. Undefined if no check is pending.
 * Private data is shown only while this is undefined, because the browser's back/forward cache may restore this page after the user has
 * signed out in another tab, or on a later page of this tab.
 */
export const pendingCheck = signal<"running" | Failure | undefined>(undefined);

/** Checks whether the session still exists and belongs to the same person. */
export async function checkSession(): Promise<void> {
  pendingCheck.value = "running";
  try {
    await refreshSession();
    pendingCheck.value = undefined;
  } catch (failure) {
    pendingCheck.value = failure instanceof ProblemError || failure instanceof ConnectionError ? failure : new ConnectionError("broken");
  }
}

/** Hides all private data when the user leaves the page. When the browser shows the page again, checks the session. */
export function checkSessionOnReturn(): void {
  addEventListener("pagehide", () => {
    if (sessionState.value.kind === "signed_in") pendingCheck.value = "running";
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted || pendingCheck.value !== undefined) void checkSession();
  });
}

listeners.onResponse = (problem, serviceTime) => {
  if (serviceTime !== undefined) setServiceTime(serviceTime);
  if (problem === undefined) {
    extendIdleEnd();
  } else if (session.value !== undefined && (problem.code === "session_expired" || problem.code === "no_session")) {
    endSession("expired");
  } else if (problem.code === "case_over") {
    dropCase();
    // Another tab may have opened another case in this session.
    refreshSession().catch(() => undefined);
  } else if (session.value !== undefined && STAGE_CHANGE_CODES.has(problem.code)) {
    // The session has changed, for example in another tab or through a new consent text, so load it again.
    refreshSession().catch(() => undefined);
    caseListener.onChange();
  }
};

const STAGE_CHANGE_CODES = new Set(["otp_not_verified", "role_not_chosen", "consent_required", "presence_not_proven", "wrong_role", "staff_withdrawn"]);

/** Goes to TAXISnet to sign in, and then back to this page. The SMS with the one-time password is in the page's language. */
export function signIn(returnTo = location.pathname + location.search): void {
  const parameters = new URLSearchParams({ return_to: returnTo.length <= 200 ? returnTo : "/", language: language.value });
  location.assign(`/v1/sign-in?${parameters.toString()}`);
}

/** Ends the session at the service. Returns the URL that also ends it at TAXISnet. */
export async function signOut(): Promise<string> {
  const ended = await responseData(api.DELETE("/v1/session"));
  endSession("signed_out");
  return ended.taxisnet_sign_out;
}
