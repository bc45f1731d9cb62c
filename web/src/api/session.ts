/* Who is here: the one copy of the session on the page. */
import { computed, signal } from "@preact/signals";

import { answer, api, listeners, Refused, Unanswered, type Schemas } from "./client";

export type Session = Schemas["Session"];

export type State =
  | { kind: "unknown" }
  | { kind: "nobody"; why?: "expired" | "signed_out" | "consent_refused" }
  | { kind: "here"; session: Session }
  | { kind: "unreachable"; failure: Unanswered | Refused };

export const state = signal<State>({ kind: "unknown" });
export const session = computed(() => (state.value.kind === "here" ? state.value.session : undefined));
/** When the session ends if nothing more is done; kept from what the service said, and moved by each answer. */
export const endsAt = signal<number | undefined>(undefined);

/** Served calls move the idle end, once a minute at most: we count a minute less. */
const TOUCHED_EVERY = 60_000;
let idlePeriod = 0;

export function keep(value: Session): void {
  const now = Date.now();
  idlePeriod = Math.max(0, Date.parse(value.idle_expires_at) - now - TOUCHED_EVERY);
  endsAt.value = Math.min(Date.parse(value.idle_expires_at), Date.parse(value.expires_at));
  state.value = { kind: "here", session: value };
}

/** Changes what we hold without asking: after a call whose answer says it. Undefined: it is there no more. */
export function amend(change: { [K in keyof Session]?: Session[K] | undefined }): void {
  if (session.value !== undefined) {
    state.value = { kind: "here", session: { ...session.value, ...change } as Session };
  }
}

export function end(why: "expired" | "signed_out" | "consent_refused"): void {
  endsAt.value = undefined;
  state.value = { kind: "nobody", why };
  for (const forget of onEnd) {
    forget();
  }
}

/** What is to be forgotten with the session: codes, drafts. */
export const onEnd: (() => void)[] = [];

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

listeners.answered = (refusal) => {
  if (refusal === undefined) {
    if (session.value !== undefined) {
      endsAt.value = Math.min(Date.now() + idlePeriod, Date.parse(session.value.expires_at));
    }
  } else if (session.value !== undefined && (refusal.code === "session_expired" || refusal.code === "no_session")) {
    end("expired");
  } else if (session.value !== undefined && STAGES.has(refusal.code)) {
    // Something changed elsewhere (another tab, a new text): the page follows.
    void refresh();
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
