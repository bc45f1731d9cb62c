import { useEffect, useState } from "preact/hooks";

import { responseData, api, ProblemError, type Schemas } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { day } from "../../words/dates";
import { Download } from "./download";
import type { Subject } from "./subject";
import { RedirectWithMessage } from "./status_message";
import { ErrorMessage } from "./error_message";
import { words } from "./words/rights";

/**
 * Ends the association. First shows the code number, which the person must write down, because the photos cannot be used again without it.
 * The code is only in this component's state.
 */
export function Dissociate({ subject }: { subject: Subject }) {
  const t = words().dissociation;
  const [code, setCode] = useState<Schemas["Code"]>();
  const [isKept, setIsKept] = useState(false);
  const [isUnchecked, setIsUnchecked] = useState(false);
  const [dissociatedUntil, setDissociatedUntil] = useState<string>();
  const params = { path: { subject: subject.handle } };
  const show = useAction(async () => setCode(await responseData(api.GET("/v1/subjects/{subject}/association/code", { params }))));
  useEffect(() => void show.run(), []);
  const dissociate = useAction(async () => {
    await responseData(api.DELETE("/v1/subjects/{subject}/association", { params }));
    setDissociatedUntil(code?.expires_at);
    setCode(undefined);
  });
  if (dissociatedUntil !== undefined) return <Done subject={subject} until={dissociatedUntil} />;
  if (show.failure instanceof ProblemError && show.failure.problem.code === "nothing_associated") return <RedirectWithMessage path={subject.home} messageKey="nothingAssociated" />;
  const errors: Record<string, string> = isUnchecked && !isKept ? { kept: t.keptMissing } : {};
  return (
    <Page title={t.title} caption={subject.name} back={subject.home}>
      {show.failure !== undefined && <ErrorMessage failure={show.failure} onRetry={() => void show.run()} subject={subject} />}
      {code === undefined && show.failure === undefined && <Loading />}
      {code !== undefined && (
        <>
          <h2 class="govgr-heading-m">{t.consequencesTitle}</h2>
          <ul class="govgr-list govgr-list--bullet">
            {t.consequences.map((consequence) => (
              <li key={consequence}>{consequence}</li>
            ))}
            <li>{t.until(day(code.expires_at))}</li>
          </ul>
          <h2 class="govgr-heading-m">{t.codeTitle}</h2>
          <p class="govgr-body">{t.code}</p>
          <CodeToKeep code={code} />
          <p class="govgr-body">{t.zip}</p>
          <Download subject={subject} />
          <Form
            errors={errors}
            failure={isUnchecked && !isKept ? undefined : dissociate.failure}
            onSubmit={() => {
              setIsUnchecked(!isKept);
              if (isKept) void dissociate.run();
            }}
          >
            <Checkbox id="kept" label={t.kept} checked={isKept} onChange={setIsKept} error={errors.kept} />
            <Button submit variant="warning" busy={dissociate.busy}>
              {t.submit}
            </Button>
          </Form>
        </>
      )}
    </Page>
  );
}

function CodeToKeep({ code }: { code: Schemas["Code"] }) {
  const t = words().dissociation;
  const [copyResult, setCopyResult] = useState<"copied" | "notCopied">();
  const copy = () => {
    setCopyResult(undefined);
    // Browsers provide a clipboard only on secure connections.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    (clipboard?.writeText(code.code) ?? Promise.reject(new Error("the clipboard is not available"))).then(
      () => setCopyResult("copied"),
      () => setCopyResult("notCopied"),
    );
  };
  return (
    <div class="keep">
      <p class="keep-code">
        <code>{code.code}</code>
      </p>
      <Button variant="secondary" onClick={copy}>
        {t.copy}
      </Button>
      <p class="govgr-hint" role="status">
        {copyResult !== undefined && t[copyResult]}
      </p>
      <p class="keep-link">
        {t.link}: <span>{code.link}</span>
      </p>
    </div>
  );
}

function Done({ subject, until }: { subject: Subject; until: string }) {
  const t = words().dissociation;
  return (
    <Page key="done" title={t.doneTitle} caption={subject.name} back={subject.home}>
      <Notice kind="success" live>
        <p>{t.done}</p>
      </Notice>
      <p class="govgr-body">{t.doneUntil(day(until))}</p>
      <div class="govgr-button-group">
        <ButtonLink href={`${subject.home}/code`}>{t.toCode}</ButtonLink>
        <ButtonLink href={subject.people} variant="secondary">
          {t.toHome}
        </ButtonLink>
      </div>
    </Page>
  );
}
