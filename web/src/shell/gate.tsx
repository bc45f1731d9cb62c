/* What must be done before a page: sign in, OTP, role, consent. It is asked in the page's place and the address stays, so that reload, the back button and deep links work at every step. */
import type { ComponentChildren } from "preact";

import { refresh, session, state } from "../api/session";
import { FailureNote } from "../parts/failure";
import { Loading, Page } from "../parts/page";
import { Consent } from "../pages/session/consent";
import { Otp } from "../pages/session/otp";
import { RoleChoice } from "../pages/session/role_choice";
import { SignIn } from "../pages/session/sign_in";
import { WrongRole } from "../pages/session/wrong_role";

export function Gate({ role, children }: { role?: "citizen" | "photographer" | undefined; children: ComponentChildren }) {
  const now = state.value;
  if (now.kind === "unknown") return <Loading />;
  if (now.kind === "unreachable") {
    return (
      <Page title="myPhoto">
        <FailureNote failure={now.failure} onRetry={() => void refresh()} />
      </Page>
    );
  }
  if (now.kind === "nobody") return <SignIn why={now.why} />;
  const here = now.session;
  if (here.stage === "otp") return <Otp />;
  if (here.stage === "role") return <RoleChoice />;
  if (here.stage === "consent") return <Consent />;
  if (role !== undefined && here.role?.kind !== role) return <WrongRole wanted={role} />;
  return <>{children}</>;
}

/** The session on a page behind the gate. */
export function useSession() {
  const here = session.value;
  if (here === undefined) throw new Error("a page without its gate");
  return here;
}
