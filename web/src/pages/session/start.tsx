import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";

import { pendingCode } from "../../api/pending_code";
import { session, signIn, sessionState } from "../../api/session";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { Gate, type RoleKind } from "../../shell/gate";
import { words } from "./words";

/** The front page. Signed-in users are redirected to their role's first page, after any remaining sign-in steps. */
export function Start() {
  const state = sessionState.value;
  if (state.kind === "signed_in") {
    return (
      <Gate>
        <RedirectToHome />
      </Gate>
    );
  }
  return state.kind === "signed_out" && (state.reason === undefined || state.reason === "signed_out") ? <Welcome /> : <Gate>{null}</Gate>;
}

const HOMES: Readonly<Record<RoleKind, string>> = { citizen: "/people", photographer: "/photographer", kep_clerk: "/kep" };

function RedirectToHome() {
  const { route } = useLocation();
  const role = session.value?.role?.kind;
  useEffect(() => route(role === undefined ? "/people" : HOMES[role], true), [role]);
  return <Loading />;
}

function Welcome() {
  const t = words().start;
  const signedOut = words().signIn;
  const state = sessionState.value;
  return (
    <Page title={t.title}>
      {state.kind === "signed_out" && state.reason === "signed_out" && (
        <Notice kind="success" live title={signedOut.signedOutTitle}>
          <p>{signedOut.signedOut}</p>
        </Notice>
      )}
      {pendingCode.value !== undefined && (
        <Notice live>
          <p>{t.codeWaits}</p>
        </Notice>
      )}
      <p class="govgr-body-l">{t.lead}</p>
      <p>
        <Button variant="primary" onClick={() => signIn("/")}>
          {t.signIn}
        </Button>
      </p>
      <h2 class="govgr-heading-m">{t.stepsTitle}</h2>
      <ol class="govgr-list govgr-list--number">
        {t.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <h2 class="govgr-heading-m">{t.needTitle}</h2>
      <ul class="govgr-list govgr-list--bullet">
        {t.need.map((need) => (
          <li key={need}>{need}</li>
        ))}
      </ul>
      <h2 class="govgr-heading-m">{t.photographersTitle}</h2>
      <p class="govgr-body">{t.photographers}</p>
    </Page>
  );
}
