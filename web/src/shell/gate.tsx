/*
 * Asks for the steps that must precede a page: sign-in, OTP, role, consent. A step is shown instead of the page, under the same URL. So
 * reload, the back button and deep links work at every step.
 */
import type { ComponentChildren } from "preact";

import type { Schemas } from "../api/client";
import { checkSession, pendingCheck, refreshSession, session, sessionState } from "../api/session";
import { FailureNote } from "../parts/failure";
import { Loading, Page } from "../parts/page";
import { Consent } from "../pages/session/consent";
import { Otp } from "../pages/session/otp";
import { RoleChoice } from "../pages/session/role_choice";
import { SignIn } from "../pages/session/sign_in";
import { WrongRole } from "../pages/session/wrong_role";

export function Gate({ role, children }: { role?: RoleKind | undefined; children: ComponentChildren }) {
  const state = sessionState.value;
  const check = pendingCheck.value;
  if (state.kind === "unknown" || check === "running") return <Loading />;
  if (check !== undefined) {
    return (
      <Page title="myPhoto">
        <FailureNote failure={check} onRetry={() => void checkSession()} />
      </Page>
    );
  }
  if (state.kind === "unreachable") {
    return (
      <Page title="myPhoto">
        <FailureNote failure={state.failure} onRetry={() => void refreshSession()} />
      </Page>
    );
  }
  if (state.kind === "signed_out") return <SignIn reason={state.reason} />;
  const current = state.session;
  if (current.stage === "otp") return <Otp />;
  if (current.stage === "role") return <RoleChoice />;
  if (current.stage === "consent") return <Consent />;
  if (role !== undefined && current.role?.kind !== role) return <WrongRole requiredRole={role} />;
  return <>{children}</>;
}

export type RoleKind = Schemas["Role"]["kind"];

/** Returns the session. Only for pages inside `Gate`. */
export function useSession() {
  const current = session.value;
  if (current === undefined) throw new Error("useSession was called outside of Gate");
  return current;
}
