import { useState } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { refresh } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { DPO_EMAIL } from "../dpo";
import { useAssociation } from "./association";
import { Download } from "./download";
import { exported } from "./export";
import { save } from "./file";
import { forgetPreviews } from "./previews";
import type { Who } from "./subject";
import { Trouble } from "./trouble";
import { words } from "./words/rights";

type Erasure = Schemas["Erasure"];

/** Access, portability and erasure. */
export function MyData({ who }: { who: Who }) {
  const t = words().data;
  const [erasure, setErasure] = useState<Erasure>();
  if (erasure !== undefined) return <Erased who={who} erasure={erasure} />;
  return (
    <Page title={who.isSelf ? t.title : t.titleMinor} caption={who.name} back={who.home}>
      <Copy who={who} />
      {who.isSelf && <Erase who={who} onErased={setErasure} />}
      <h2 class="govgr-heading-m">{t.rightsTitle}</h2>
      <p class="govgr-body">
        {t.rights}{" "}
        <a class="govgr-link" href={`mailto:${DPO_EMAIL}`}>
          {DPO_EMAIL}
        </a>
      </p>
    </Page>
  );
}

function Copy({ who }: { who: Who }) {
  const t = words().data;
  const association = useAssociation(who.subject);
  const [done, setDone] = useState(false);
  const copy = useAction(async () => {
    setDone(false);
    const all = await exported((cursor) =>
      answer(api.GET("/v1/subjects/{subject}/export", { params: { path: { subject: who.subject }, query: cursor === undefined ? {} : { cursor } } })),
    );
    save(new Blob([JSON.stringify(all, null, 2)], { type: "application/json" }), "myphoto-data.json");
    setDone(true);
  });
  return (
    <>
      <h2 class="govgr-heading-m">{t.copyTitle}</h2>
      <p class="govgr-body">{t.copy}</p>
      <Trouble failure={copy.failure} who={who} />
      <Button look="secondary" busy={copy.busy} onClick={() => copy.run()}>
        {t.save}
      </Button>
      <p class="govgr-hint" role="status">
        {done && t.saved}
      </p>
      {association.data !== undefined && association.data !== null && (
        <>
          <p class="govgr-body">{t.images}</p>
          <Download who={who} />
        </>
      )}
    </>
  );
}

function Erase({ who, onErased }: { who: Who; onErased: (erasure: Erasure) => void }) {
  const t = words().data;
  const [agreed, setAgreed] = useState(false);
  const [missing, setMissing] = useState(false);
  const erase = useAction(async () => {
    onErased(await answer(api.POST("/v1/subjects/{subject}/erasure", { params: { path: { subject: who.subject } }, body: { agree: true } })));
    forgetPreviews();
    // A submission in hand may be of photos that are gone.
    await refresh().catch(() => undefined);
  });
  const errors: Record<string, string> = missing && !agreed ? { erase: t.agreeMissing } : {};
  return (
    <>
      <h2 class="govgr-heading-m">{t.eraseTitle}</h2>
      <p class="govgr-body">{t.erase}</p>
      <ul class="govgr-list govgr-list--bullet">
        {t.consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
      <Form
        errors={errors}
        failure={missing && !agreed ? undefined : erase.failure}
        onSubmit={() => {
          setMissing(!agreed);
          if (agreed) void erase.run();
        }}
      >
        <Checkbox id="erase" label={t.agree} checked={agreed} onChange={setAgreed} error={errors.erase} />
        <Button submit look="warning" busy={erase.busy}>
          {t.eraseYes}
        </Button>
      </Form>
    </>
  );
}

function Erased({ who, erasure }: { who: Who; erasure: Erasure }) {
  const t = words().data;
  return (
    <Page key="erased" title={t.erasedTitle} back={who.home}>
      <Notice kind="success" live>
        <p>{t.erased(erasure.photo_sets_erased)}</p>
      </Notice>
      {erasure.kept.length > 0 && (
        <>
          <h2 class="govgr-heading-m">{t.keptTitle}</h2>
          <ul class="govgr-list govgr-list--bullet">
            {erasure.kept.map(({ what, text }) => (
              <li key={what}>{text}</li>
            ))}
          </ul>
        </>
      )}
      <ButtonLink href="/people" look="secondary">
        {words().dissociation.toHome}
      </ButtonLink>
    </Page>
  );
}
