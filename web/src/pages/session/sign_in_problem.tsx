import { useLocation } from "preact-iso";

import { sameOriginPath } from "../../api/same_origin_path";
import { signIn } from "../../api/session";
import { Button } from "../../parts/button";
import { Page } from "../../parts/page";
import { words } from "./words";

/** The service redirects here when a sign-in fails, for example to /sign-in/problem?code=no_confirmed_mobile */
export function SignInProblem() {
  const t = words().problem;
  const { query } = useLocation();
  const code = query.code ?? "other";
  const texts: Readonly<Record<string, string>> = t.texts;
  const text = Object.hasOwn(texts, code) ? texts[code] : t.texts.other;
  return (
    <Page title={t.title}>
      <p class="govgr-body" data-problem={code}>
        {text}
      </p>
      {code === "no_confirmed_mobile" && (
        <p class="govgr-body">
          <a class="govgr-link" href="https://emep.gov.gr" rel="noreferrer">
            {t.emep}
          </a>
        </p>
      )}
      <Button onClick={() => signIn(sameOriginPath(query.return_to))}>{t.again}</Button>
    </Page>
  );
}
