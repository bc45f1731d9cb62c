import { useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { refreshSession } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { DPO_EMAIL } from "../dpo";
import { useAssociation } from "./association";
import { Download } from "./download";
import { fetchWholeExport } from "./export";
import { clearPreviews } from "./previews";
import { SavingStatus, useSaving } from "./save_file";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";
import { words } from "./words/rights";

type Erasure = Schemas["Erasure"];

/** The page for the rights of access, portability and erasure. */
export function MyData({ subject }: { subject: Subject }) {
  const t = words().data;
  const [erasure, setErasure] = useState<Erasure>();
  if (erasure !== undefined) return <Erased subject={subject} erasure={erasure} />;
  return (
    <Page title={subject.isSelf ? t.title : t.titleMinor} caption={subject.name} back={subject.home}>
      <Copy subject={subject} />
      <Erase subject={subject} onErased={setErasure} />
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

function Copy({ subject }: { subject: Subject }) {
  const t = words().data;
  const association = useAssociation(subject.handle);
  const { saving, save, share, clear } = useSaving();
  const copy = useAction(async () => {
    clear();
    const all = await fetchWholeExport((cursor) =>
      responseData(api.GET("/v1/subjects/{subject}/export", { params: { path: { subject: subject.handle }, query: cursor === undefined ? {} : { cursor } } })),
    );
    save(new Blob([JSON.stringify(all, null, 2)], { type: "application/json" }), "myphoto-data.json");
  });
  return (
    <>
      <h2 class="govgr-heading-m">{t.copyTitle}</h2>
      <p class="govgr-body">{t.copy}</p>
      <ErrorMessage failure={copy.failure} subject={subject} />
      <Button variant="secondary" busy={copy.busy} onClick={() => copy.run()}>
        {t.save}
      </Button>
      <SavingStatus saving={saving} share={share} downloaded={t.saved} />
      {association.data !== undefined && association.data !== null && (
        <>
          <p class="govgr-body">{t.images}</p>
          <Download subject={subject} />
        </>
      )}
    </>
  );
}

function Erase({ subject, onErased }: { subject: Subject; onErased: (erasure: Erasure) => void }) {
  const t = words().data;
  const [agreed, setAgreed] = useState(false);
  const [isUnchecked, setIsUnchecked] = useState(false);
  const erase = useAction(async () => {
    onErased(await responseData(api.POST("/v1/subjects/{subject}/erasure", { params: { path: { subject: subject.handle } }, body: { agree: true } })));
    clearPreviews();
    // A pending submission may refer to erased photos, so load the session again.
    await refreshSession().catch(() => undefined);
  });
  const errors: Record<string, string> = isUnchecked && !agreed ? { erase: t.agreeMissing } : {};
  return (
    <>
      <h2 class="govgr-heading-m">{t.eraseTitle}</h2>
      <p class="govgr-body">{subject.isSelf ? t.erase : t.eraseMinor(subject.name)}</p>
      <ul class="govgr-list govgr-list--bullet">
        {[...(subject.isSelf ? t.erased : t.erasedMinor), ...t.consequences].map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
      <Form
        errors={errors}
        failure={isUnchecked && !agreed ? undefined : erase.failure}
        onSubmit={() => {
          setIsUnchecked(!agreed);
          if (agreed) void erase.run();
        }}
      >
        <Checkbox id="erase" label={subject.isSelf ? t.agree : t.agreeMinor(subject.name)} checked={agreed} onChange={setAgreed} error={errors.erase} />
        <Button submit variant="warning" busy={erase.busy}>
          {t.eraseYes}
        </Button>
      </Form>
    </>
  );
}

function Erased({ subject, erasure }: { subject: Subject; erasure: Erasure }) {
  const t = words().data;
  return (
    <Page key="erased" title={t.erasedTitle} caption={subject.name} back={subject.home}>
      <Notice kind="success" live>
        <p>{t.countErased(erasure.photo_sets_erased)}</p>
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
      <ButtonLink href={subject.people} variant="secondary">
        {words().dissociation.toHome}
      </ButtonLink>
    </Page>
  );
}
