/* The session as this page knows it. Tabs share the session cookie, so they tell each other about changes. */
import { computed, signal } from "@preact/signals";

import { now, setServiceTime } from "../words/clock";
import { responseData, api, listeners, ProblemError, ConnectionError, type Failure, type Schemas } from "./client";

export type Session = Schemas["Session"];
export type EndReason = "expired" | "signed_out" | "consent_refused";

export type SessionState =
  | { kind: "unknown" }
  | { kind: "signed_out"; reason?: EndReason }
  | { kind: "signed_in"; session: Session }
  | { kind: "unreachable"; failure: ConnectionError | ProblemError };

export const sessionState = signal<SessionState>({ kind: "unknown" });
export const session = computed(() => (sessionState.value.kind === "signed_in" ? sessionState.value.session : undefined));
/** When the session expires unless another request extends it, by the service's clock. */
export const endsAt = signal<number | undefined>(undefined);

/** Each successful call extends the session by 30 minutes. The service stores that at most once a minute, so this counts one minute less. */
const IDLE_TIMEOUT_MS = 29 * 60_000;

/** Returns when the session ends even if it is used, by the service's clock. */
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
    // Another person has signed in in another tab. Reload, so that no data of the previous person stays on this page and no action runs
    // under the wrong name.
    runEndHandlers("signed_out");
    sessionState.value = { kind: "unknown" };
    location.reload();
    return;
  }
  sessionState.value = { kind: "signed_in", session: value };
  extendIdleEnd();
  broadcast({ kind: "who", who: afmOf(value) });
}

/** Changes fields of the session after a call whose response already contains them, which saves a request. `undefined` removes a field. */
export function patchSession(change: { [K in keyof Session]?: Session[K] | undefined }): void {
  if (session.value !== undefined) {
    sessionState.value = { kind: "signed_in", session: { ...session.value, ...change } as Session };
  }
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

function runEndHandlers(reason: EndReason): void {
  for (const handler of onEnd) {
    handler(reason);
  }
}

/** Handlers that clear data, such as codes and drafts, when the session ends. */
export const onEnd: ((why: EndReason) => void)[] = [];

/* Messages between tabs: the session was used, it has ended, or it belongs to the person with this AFM. */
type TabMessage = { kind: "used"; endsAt: number; serviceTime: number } | { kind: "ended"; why: EndReason } | { kind: "who"; who: string };

const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("session") : undefined;

function broadcast(message: TabMessage): void {
  tabs?.postMessage(message);
}

function afmOf(value: Session): string {
  return value.person?.afm ?? "";
}

tabs?.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => {
  const current = session.value;
  if (data.kind === "who") {
    // The other tab may have older or newer information, so ask the service. If nobody was signed in here, somebody has just signed in
    // there.
    if (current === undefined || data.who !== afmOf(current)) refreshSession().catch(() => undefined);
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
        // No session existed, so the end handlers must not run: they would clear a code that came by link and waits for the sign-in.
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
 * Whether the session has to be checked, or why the check failed. Nothing private is shown unless it is undefined. The page may return from
 * the browser's back/forward cache after the user has signed out in another tab or in a later page of this tab.
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

/** Hides everything private when the browser leaves the page, and checks the session when it returns to it. */
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
  } else if (session.value !== undefined && STAGE_CHANGE_CODES.has(problem.code)) {
    // The session changed elsewhere (in another tab, or through a new consent text), so load it again.
    refreshSession().catch(() => undefined);
  }
};

const STAGE_CHANGE_CODES = new Set(["otp_not_verified", "role_not_chosen", "consent_required", "wrong_role", "staff_withdrawn"]);

/** Goes to TAXISnet to sign in, and then back to this page. */
export function signIn(returnTo = location.pathname + location.search): void {
  location.assign(`/v1/sign-in?return_to=${encodeURIComponent(returnTo.length <= 200 ? returnTo : "/")}`);
}

/** Ends the session at the service. Returns the URL that also ends it at TAXISnet. */
export async function signOut(): Promise<string> {
  const ended = await responseData(api.DELETE("/v1/session"));
  endSession("signed_out");
  return ended.taxisnet_sign_out;
}
