import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { appSignIn } from "../../api/app_sign_in";
import { Button } from "../../parts/button";
import { Page } from "../../parts/page";
import { language } from "../../words/language";
import { NotFound } from "../not_found";
import { words } from "./words";

/**
 * Time in milliseconds for which the page must be visible and in front before its button works. It is longer than a double click, so that a
 * second click that was meant for another page has no effect.
 */
const SETTLE_DELAY_MS = 1000;

/**
 * Asks for confirmation before a sign-in that an app started. The service redirects here when the request comes from another site, because
 * each sign-in may send an SMS.
 */
export function AppSignInPage() {
  const t = words().app;
  const { query } = useLocation();
  const settled = useSettled();
  const request = appSignIn(query, language.value);
  if (request === undefined) return <NotFound />;
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.text}</p>
      <p class="govgr-body">
        {request.onThisComputer ? t.computer : t.app} <strong data-app>{request.app}</strong>
      </p>
      <p class="govgr-body">{t.warning}</p>
      <Button disabled={!settled} onClick={() => location.assign(request.url)}>
        {t.go}
      </Button>
    </Page>
  );
}

/** Returns whether the window has been visible and in front for `SETTLE_DELAY_MS`. */
function useSettled() {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restart = () => {
      clearTimeout(timer);
      setSettled(false);
      if (document.visibilityState === "visible") timer = setTimeout(() => setSettled(true), SETTLE_DELAY_MS);
    };
    restart();
    window.addEventListener("focus", restart);
    document.addEventListener("visibilitychange", restart);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("focus", restart);
      document.removeEventListener("visibilitychange", restart);
    };
  }, []);
  return settled;
}
