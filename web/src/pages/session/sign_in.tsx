import { signIn, type SessionState } from "../../api/session";
import { Button } from "../../parts/button";
import { Page } from "../../parts/page";
import { words } from "./words";

type Reason = Extract<SessionState, { kind: "signed_out" }>["reason"];

/** Replaces a page that needs a session. Says why there is no session, and offers a sign-in that returns to the same page. */
export function SignIn({ reason }: { reason?: Reason }) {
  const t = words().signIn;
  const title = reason === "expired" ? t.expiredTitle : reason === "signed_out" ? t.signedOutTitle : reason === "consent_refused" ? t.refusedTitle : t.title;
  const text = reason === "expired" ? t.expired : reason === "signed_out" ? t.signedOut : reason === "consent_refused" ? t.refused : t.text;
  return (
    <Page key={title} title={title}>
      <p class="govgr-body">{text}</p>
      <Button onClick={() => signIn()}>{words().start.signIn}</Button>
    </Page>
  );
}
