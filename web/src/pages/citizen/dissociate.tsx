import { useEffect, useState } from "preact/hooks";

import { answer, api, Refused, type Schemas } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { day } from "../../words/dates";
import { Download } from "./download";
import type { Who } from "./subject";
import { Elsewhere } from "./told";
import { Trouble } from "./trouble";
import { words } from "./words/rights";

/** No more use without the code: first it is shown and can be kept. It is in this component alone, and goes with it. */
export function Dissociate({ who }: { who: Who }) {
  const t = words().dissociation;
  const [code, setCode] = useState<Schemas["Code"]>();
  const [kept, setKept] = useState(false);
  const [missing, setMissing] = useState(false);
  const [until, setUntil] = useState<string>();
  const params = { path: { subject: who.subject } };
  const show = useAction(async () => setCode(await answer(api.GET("/v1/subjects/{subject}/association/code", { params }))));
  useEffect(() => void show.run(), []);
  const dissociate = useAction(async () => {
    await answer(api.DELETE("/v1/subjects/{subject}/association", { params }));
    setUntil(code?.expires_at);
    setCode(undefined);
  });
  if (until !== undefined) return <Done who={who} until={until} />;
  if (show.failure instanceof Refused && show.failure.problem.code === "nothing_associated") return <Elsewhere path={who.home} word="nothingAssociated" />;
  const errors: Record<string, string> = missing && !kept ? { kept: t.keptMissing } : {};
  return (
    <Page title={t.title} caption={who.name} back={who.home}>
      {show.failure !== undefined && <Trouble failure={show.failure} onRetry={() => void show.run()} who={who} />}
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
          <Keep code={code} />
          <p class="govgr-body">{t.zip}</p>
          <Download who={who} />
          <Form
            errors={errors}
            failure={missing && !kept ? undefined : dissociate.failure}
            onSubmit={() => {
              setMissing(!kept);
              if (kept) void dissociate.run();
            }}
          >
            <Checkbox id="kept" label={t.kept} checked={kept} onChange={setKept} error={errors.kept} />
            <Button submit look="warning" busy={dissociate.busy}>
              {t.submit}
            </Button>
          </Form>
        </>
      )}
    </Page>
  );
}

function Keep({ code }: { code: Schemas["Code"] }) {
  const t = words().dissociation;
  const [told, setTold] = useState<"copied" | "notCopied">();
  const copy = () => {
    setTold(undefined);
    // Without a secure connection browsers have no clipboard at all.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    (clipboard?.writeText(code.code) ?? Promise.reject(new Error("no clipboard"))).then(
      () => setTold("copied"),
      () => setTold("notCopied"),
    );
  };
  return (
    <div class="keep">
      <p class="keep-code">
        <code>{code.code}</code>
      </p>
      <Button look="secondary" onClick={copy}>
        {t.copy}
      </Button>
      <p class="govgr-hint" role="status">
        {told !== undefined && t[told]}
      </p>
      <p class="keep-link">
        {t.link}: <span>{code.link}</span>
      </p>
    </div>
  );
}

function Done({ who, until }: { who: Who; until: string }) {
  const t = words().dissociation;
  return (
    <Page key="done" title={t.doneTitle} caption={who.name} back={who.home}>
      <Notice kind="success" live>
        <p>{t.done}</p>
      </Notice>
      <p class="govgr-body">{t.doneUntil(day(until))}</p>
      <div class="govgr-button-group">
        <ButtonLink href={`${who.home}/code`}>{t.toCode}</ButtonLink>
        <ButtonLink href="/people" look="secondary">
          {t.toHome}
        </ButtonLink>
      </div>
    </Page>
  );
}
