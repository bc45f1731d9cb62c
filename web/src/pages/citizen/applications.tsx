import { useState } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { staying, useAction, useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice, Tag } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { day } from "../../words/dates";
import { language } from "../../words/language";
import { applications, useAssociation, type Association } from "./association";
import { homeOf, type Who } from "./subject";
import { Elsewhere, useTell } from "./told";
import { Trouble, wayOn, WayOn } from "./trouble";
import { words as common } from "./words/common";
import { words } from "./words/home";

type Application = Schemas["Application"];

/** At a time, and in force together (shared/domain/src/authorization.rs). */
const LIMIT = 50;

/** Which applications may use the photos: several at once. */
export function Applications({ who }: { who: Who }) {
  const t = words().applications;
  const association = useAssociation(who.subject);
  const all = useLoad(applications, []);
  if (association.data === null) return <Elsewhere path={who.home} word="nothingAssociated" />;
  const failure = association.failure ?? all.failure;
  return (
    <Page title={t.title} caption={who.name} back={who.home}>
      <p class="govgr-body">{t.lead}</p>
      {who.minor !== undefined && (
        <Notice>
          <p>{t.guardian(day(who.minor.adult_on))}</p>
        </Notice>
      )}
      {failure !== undefined ? (
        <Trouble
          failure={failure}
          onRetry={() => {
            association.reload();
            all.reload();
          }}
          who={who}
        />
      ) : association.data === undefined || all.data === undefined ? (
        <Loading />
      ) : (
        <Choice who={who} association={association.data} all={all.data} />
      )}
    </Page>
  );
}

function Choice({ who, association, all }: { who: Who; association: Association; all: readonly Application[] }) {
  const t = words().applications;
  const tell = useTell();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false);
  const authorize = useAction(async () => {
    const isHere = staying();
    const body = { applications: [...chosen] };
    await answer(api.POST("/v1/subjects/{subject}/authorizations", { params: { path: { subject: who.subject } }, body }));
    if (isHere()) tell(homeOf(who.subject), "authorized");
  });
  const active = new Set(association.applications.map(({ application }) => application));
  const hasFace = association.images.some(({ kind }) => kind === "face");
  const hasSignature = association.images.some(({ kind }) => kind === "signature");
  const rest = all.filter(({ id }) => !active.has(id));
  const fitting = hasFace ? rest.filter(({ profile }) => profile === association.profile) : [];
  const others = rest.filter((application) => !fitting.includes(application));
  const wrong = chosen.size === 0 ? t.choose : chosen.size + active.size > LIMIT ? t.tooMany(LIMIT) : undefined;
  const errors: Record<string, string> = tried && wrong !== undefined ? { [`app-${fitting[0]?.id ?? ""}`]: wrong } : {};
  const next = authorize.failure === undefined ? undefined : wayOn(authorize.failure, who);
  return (
    <>
      {fitting.length === 0 ? (
        <p class="govgr-body">{t.none}</p>
      ) : (
        <Form
          errors={errors}
          failure={wrong === undefined ? authorize.failure : undefined}
          onSubmit={() => {
            setTried(true);
            if (wrong === undefined) void authorize.run();
          }}
        >
          {next !== undefined && <WayOn {...next} />}
          <fieldset class="govgr-fieldset choices">
            <legend class="govgr-fieldset__legend govgr-heading-s">{t.legend}</legend>
            {fitting.map((application, index) => (
              <Checkbox
                key={application.id}
                id={`app-${application.id}`}
                label={application.names[language.value]}
                checked={chosen.has(application.id)}
                error={index === 0 ? Object.values(errors)[0] : undefined}
                hint={
                  <>
                    {t.purpose(application.purpose.text)}. {application.gets_signature ? (hasSignature ? t.withSignature : t.signatureAbsent) : t.faceOnly}.
                  </>
                }
                onChange={(checked) => {
                  const changed = new Set(chosen);
                  if (checked) changed.add(application.id);
                  else changed.delete(application.id);
                  setChosen(changed);
                }}
              />
            ))}
          </fieldset>
          <p class="govgr-hint" role="status">
            {t.chosen(chosen.size)}
          </p>
          <Button submit busy={authorize.busy}>
            {t.submit}
          </Button>
        </Form>
      )}
      {active.size > 0 && (
        <>
          <h2 class="govgr-heading-m">{t.alreadyTitle}</h2>
          <ul class="rows">
            {all
              .filter(({ id }) => active.has(id))
              .map((application) => (
                <li class="row" key={application.id}>
                  <span>{application.names[language.value]}</span>
                  <Tag kind="good">{t.already}</Tag>
                </li>
              ))}
          </ul>
        </>
      )}
      {others.length > 0 && (
        <>
          <h2 class="govgr-heading-m">{t.notTitle}</h2>
          {!hasFace && <p class="govgr-body">{t.faceAbsent}</p>}
          <ul class="rows">
            {others.map((application) => (
              <li class="row" key={application.id} data-application={application.id}>
                <span>
                  <span class="quiet">{application.names[language.value]}</span>
                  {hasFace && <span class="row-hint">{t.mismatch(common().profiles[application.profile], common().profiles[association.profile])}</span>}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
