/* Who is here: the one copy of the session on the page, and what other tabs say of it. */
import { computed, signal } from "@preact/signals";

import { answer, api, listeners, Refused, Unanswered, type Schemas } from "./client";

export type Session = Schemas["Session"];
export type Why = "expired" | "signed_out" | "consent_refused";

export type State =
  | { kind: "unknown" }
  | { kind: "nobody"; why?: Why }
  | { kind: "here"; session: Session }
  | { kind: "unreachable"; failure: Unanswered | Refused };

export const state = signal<State>({ kind: "unknown" });
export const session = computed(() => (state.value.kind === "here" ? state.value.session : undefined));
/** When the session ends if nothing more is done, by this device's clock. */
export const endsAt = signal<number | undefined>(undefined);

/** Each answered call moves the idle end; the service notes it once a minute at most, so a minute less is counted. */
const IDLE = 29 * 60_000;
/** How far the service's clock is ahead of this device's, which may be anything. */
let ahead = 0;

/** The session's end in any case, by this device's clock. */
export function hardEnd(of: Session): number {
  return Date.parse(of.expires_at) - ahead;
}

function answered(): void {
  const here = session.value;
  if (here === undefined) return;
  endsAt.value = Math.min(Date.now() + IDLE, hardEnd(here));
  tell({ kind: "used", endsAt: endsAt.value });
}

export function keep(value: Session): void {
  const before = session.value;
  if (before?.person !== undefined && whoIs(before) !== whoIs(value)) {
    // Somebody else has signed in, in another tab: nothing of whoever was here may stay on this page, or be done in the other's name.
    forgetAll("signed_out");
    state.value = { kind: "unknown" };
    location.reload();
    return;
  }
  state.value = { kind: "here", session: value };
  answered();
  tell({ kind: "who", who: whoIs(value) });
}

/** Changes what we hold without asking: after a call whose answer says it. Undefined: it is there no more. */
export function amend(change: { [K in keyof Session]?: Session[K] | undefined }): void {
  if (session.value !== undefined) {
    state.value = { kind: "here", session: { ...session.value, ...change } as Session };
  }
}

export function end(why: Why): void {
  endHere(why);
  tell({ kind: "ended", why });
}

function endHere(why: Why): void {
  endsAt.value = undefined;
  state.value = { kind: "nobody", why };
  forgetAll(why);
}

function forgetAll(why: Why): void {
  for (const forget of onEnd) {
    forget(why);
  }
}

/** What is to be forgotten with the session: codes, drafts. */
export const onEnd: ((why: Why) => void)[] = [];

/* Tabs share the cookie, so they share the session: its use, its end, and who it is of. */
type Word = { kind: "used"; endsAt: number } | { kind: "ended"; why: Why } | { kind: "who"; who: string };

const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("session") : undefined;

function tell(word: Word): void {
  tabs?.postMessage(word);
}

function whoIs(value: Session): string {
  return value.person?.afm ?? "";
}

tabs?.addEventListener("message", ({ data }: MessageEvent<Word>) => {
  const here = session.value;
  if (data.kind === "who") {
    // Another tab may be behind as well as ahead: the service knows. Where nobody was, somebody has signed in.
    if (here === undefined || data.who !== whoIs(here)) refresh().catch(() => undefined);
  } else if (here !== undefined && data.kind === "used") {
    endsAt.value = Math.min(data.endsAt, hardEnd(here));
  } else if (here !== undefined && data.kind === "ended") {
    endHere(data.why);
  }
});

/** Asks the service who is here. */
export async function refresh(): Promise<void> {
  try {
    keep(await answer(api.GET("/v1/session")));
  } catch (failure) {
    if (failure instanceof Refused && (failure.problem.code === "no_session" || failure.problem.code === "session_expired")) {
      if (state.value.kind === "here") {
        end("expired");
      } else if (state.value.kind !== "nobody") {
        // Nothing to forget: a code that came with the link waits for the sign-in.
        state.value = failure.problem.code === "session_expired" ? { kind: "nobody", why: "expired" } : { kind: "nobody" };
      }
    } else if (state.value.kind !== "here" && (failure instanceof Refused || failure instanceof Unanswered)) {
      state.value = { kind: "unreachable", failure };
    } else {
      throw failure;
    }
  }
}

listeners.answered = (refusal, serviceTime) => {
  if (serviceTime !== undefined) ahead = serviceTime - Date.now();
  if (refusal === undefined) {
    answered();
  } else if (session.value !== undefined && (refusal.code === "session_expired" || refusal.code === "no_session")) {
    end("expired");
  } else if (session.value !== undefined && STAGES.has(refusal.code)) {
    // Something changed elsewhere (another tab, a new text): the page follows.
    refresh().catch(() => undefined);
  }
};

const STAGES = new Set(["otp_not_verified", "role_not_chosen", "consent_required", "wrong_role", "staff_withdrawn"]);

/** To TAXISnet, and back to this page. */
export function signIn(returnTo = location.pathname + location.search): void {
  location.assign(`/v1/sign-in?return_to=${encodeURIComponent(returnTo.length <= 200 ? returnTo : "/")}`);
}

/** Ends the session here; answers the address that ends it at TAXISnet too. */
export async function signOut(): Promise<string> {
  const ended = await answer(api.DELETE("/v1/session"));
  end("signed_out");
  return ended.taxisnet_sign_out;
}
