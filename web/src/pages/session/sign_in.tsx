import { signIn, type State } from "../../api/session";
import { Button } from "../../parts/button";
import { Page } from "../../parts/page";
import { words } from "./words";

type Why = Extract<State, { kind: "nobody" }>["why"];

/** In the place of a page that needs somebody: why, and the way in and back. */
export function SignIn({ why }: { why?: Why }) {
  const t = words().signIn;
  const title = why === "expired" ? t.expiredTitle : why === "signed_out" ? t.signedOutTitle : why === "consent_refused" ? t.refusedTitle : t.title;
  const text = why === "expired" ? t.expired : why === "signed_out" ? t.signedOut : why === "consent_refused" ? t.refused : t.text;
  return (
    <Page key={title} title={title}>
      <p class="govgr-body">{text}</p>
      <Button onClick={() => signIn()}>{words().start.signIn}</Button>
    </Page>
  );
}
