/* Who is here: the one copy of the session on the page, and what other tabs say of it. */
import { computed, signal } from "@preact/signals";

import { responseData, api, listeners, ProblemError, ConnectionError, type Schemas } from "./client";

export type Session = Schemas["Session"];
export type EndReason = "expired" | "signed_out" | "consent_refused";

export type SessionState =
  | { kind: "unknown" }
  | { kind: "signed_out"; reason?: EndReason }
  | { kind: "signed_in"; session: Session }
  | { kind: "unreachable"; failure: ConnectionError | ProblemError };

export const sessionState = signal<SessionState>({ kind: "unknown" });
export const session = computed(() => (sessionState.value.kind === "signed_in" ? sessionState.value.session : undefined));
/** When the session ends if nothing more is done, by this device's clock. */
export const endsAt = signal<number | undefined>(undefined);

/** Each answered call moves the idle end; the service notes it once a minute at most, so a minute less is counted. */
const IDLE_TIMEOUT_MS = 29 * 60_000;
/** How far the service's clock is ahead of this device's, which may be anything. */
let clockOffset = 0;

/** The session's end in any case, by this device's clock. */
export function absoluteEnd(value: Session): number {
  return Date.parse(value.expires_at) - clockOffset;
}

function extendIdleEnd(): void {
  const current = session.value;
  if (current === undefined) return;
  endsAt.value = Math.min(Date.now() + IDLE_TIMEOUT_MS, absoluteEnd(current));
  broadcast({ kind: "used", endsAt: endsAt.value });
}

export function setSession(value: Session): void {
  const previous = session.value;
  if (previous?.person !== undefined && afmOf(previous) !== afmOf(value)) {
    // Somebody else has signed in, in another tab: nothing of whoever was here may stay on this page, or be done in the other's name.
    runEndHandlers("signed_out");
    sessionState.value = { kind: "unknown" };
    location.reload();
    return;
  }
  sessionState.value = { kind: "signed_in", session: value };
  extendIdleEnd();
  broadcast({ kind: "who", who: afmOf(value) });
}

/** Changes what we hold without asking: after a call whose answer says it. Undefined: it is there no more. */
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

/** What is to be forgotten with the session: codes, drafts. */
export const onEnd: ((why: EndReason) => void)[] = [];

/* Tabs share the cookie, so they share the session: its use, its end, and who it is of. */
type TabMessage = { kind: "used"; endsAt: number } | { kind: "ended"; why: EndReason } | { kind: "who"; who: string };

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
    // Another tab may be behind as well as ahead: the service knows. Where nobody was, somebody has signed in.
    if (current === undefined || data.who !== afmOf(current)) refreshSession().catch(() => undefined);
  } else if (current !== undefined && data.kind === "used") {
    endsAt.value = Math.min(data.endsAt, absoluteEnd(current));
  } else if (current !== undefined && data.kind === "ended") {
    endInThisTab(data.why);
  }
});

/** Asks the service who is here. */
export async function refreshSession(): Promise<void> {
  try {
    setSession(await responseData(api.GET("/v1/session")));
  } catch (failure) {
    if (failure instanceof ProblemError && (failure.problem.code === "no_session" || failure.problem.code === "session_expired")) {
      if (sessionState.value.kind === "signed_in") {
        endSession("expired");
      } else if (sessionState.value.kind !== "signed_out") {
        // Nothing to forget: a code that came with the link waits for the sign-in.
        sessionState.value = failure.problem.code === "session_expired" ? { kind: "signed_out", reason: "expired" } : { kind: "signed_out" };
      }
    } else if (sessionState.value.kind !== "signed_in" && (failure instanceof ProblemError || failure instanceof ConnectionError)) {
      sessionState.value = { kind: "unreachable", failure };
    } else {
      throw failure;
    }
  }
}

listeners.onResponse = (problem, serviceTime) => {
  if (serviceTime !== undefined) clockOffset = serviceTime - Date.now();
  if (problem === undefined) {
    extendIdleEnd();
  } else if (session.value !== undefined && (problem.code === "session_expired" || problem.code === "no_session")) {
    endSession("expired");
  } else if (session.value !== undefined && STAGE_CHANGE_CODES.has(problem.code)) {
    // Something changed elsewhere (another tab, a new text): the page follows.
    refreshSession().catch(() => undefined);
  }
};

const STAGE_CHANGE_CODES = new Set(["otp_not_verified", "role_not_chosen", "consent_required", "wrong_role", "staff_withdrawn"]);

/** To TAXISnet, and back to this page. */
export function signIn(returnTo = location.pathname + location.search): void {
  location.assign(`/v1/sign-in?return_to=${encodeURIComponent(returnTo.length <= 200 ? returnTo : "/")}`);
}

/** Ends the session here; answers the address that ends it at TAXISnet too. */
export async function signOut(): Promise<string> {
  const ended = await responseData(api.DELETE("/v1/session"));
  endSession("signed_out");
  return ended.taxisnet_sign_out;
}
