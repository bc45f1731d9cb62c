import { useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { rememberUrl, useAction, useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Form } from "../../parts/form";
import { Notice, Tag } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { day } from "../../words/dates";
import { language } from "../../words/language";
import { listApplications, useAssociation, type Association } from "./association";
import { homeOf, type Subject } from "./subject";
import { RedirectWithMessage, useRouteWithMessage } from "./status_message";
import { ErrorMessage, nextStepFor, NextStep } from "./error_message";
import { words as common } from "./words/common";
import { words } from "./words/home";

type Application = Schemas["Application"];

/**
 * Maximum number of applications in one request, and of a person's active authorizations (`AUTHORIZED_APPLICATIONS_MAX` in
 * shared/domain/src/application.rs).
 */
const AUTHORIZATIONS_MAX = 50;

/** The page on which a person selects the applications that may use the photos. */
export function Applications({ subject }: { subject: Subject }) {
  const t = words().applications;
  const association = useAssociation(subject.handle);
  const all = useLoad(listApplications, []);
  if (association.data === null) return <RedirectWithMessage path={subject.home} messageKey="nothingAssociated" />;
  const failure = association.failure ?? all.failure;
  return (
    <Page title={t.title} caption={subject.name} back={subject.home}>
      <p class="govgr-body">{t.lead}</p>
      {subject.minor !== undefined && (
        <Notice>
          <p>{t.guardian(day(subject.minor.adult_on))}</p>
        </Notice>
      )}
      {failure !== undefined ? (
        <ErrorMessage
          failure={failure}
          onRetry={() => {
            association.reload();
            all.reload();
          }}
          subject={subject}
        />
      ) : association.data === undefined || all.data === undefined ? (
        <Loading />
      ) : (
        <ApplicationChoice subject={subject} association={association.data} all={all.data} />
      )}
    </Page>
  );
}

function ApplicationChoice({ subject, association, all }: { subject: Subject; association: Association; all: readonly Application[] }) {
  const t = words().applications;
  const routeWithMessage = useRouteWithMessage();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const authorize = useAction(async () => {
    const isSameUrl = rememberUrl();
    const body = { applications: [...chosen] };
    await responseData(api.POST("/v1/subjects/{subject}/authorizations", { params: { path: { subject: subject.handle } }, body }));
    if (isSameUrl()) routeWithMessage(homeOf(subject.handle), "authorized");
  });
  const active = new Set(association.applications.map(({ application }) => application));
  const hasFace = association.images.some(({ kind }) => kind === "face");
  const hasSignature = association.images.some(({ kind }) => kind === "signature");
  const notAuthorized = all.filter(({ id }) => !active.has(id));
  const suitable = hasFace ? notAuthorized.filter(({ profile }) => profile === association.profile) : [];
  const unsuitable = notAuthorized.filter((application) => !suitable.includes(application));
  const error = chosen.size === 0 ? t.choose : chosen.size + active.size > AUTHORIZATIONS_MAX ? t.tooMany(AUTHORIZATIONS_MAX) : undefined;
  const errors: Record<string, string> = wasSubmitted && error !== undefined ? { [`app-${suitable[0]?.id ?? ""}`]: error } : {};
  const nextStep = authorize.failure === undefined ? undefined : nextStepFor(authorize.failure, subject);
  return (
    <>
      {suitable.length === 0 ? (
        <p class="govgr-body">{t.none}</p>
      ) : (
        <Form
          errors={errors}
          failure={error === undefined ? authorize.failure : undefined}
          onSubmit={() => {
            setWasSubmitted(true);
            if (error === undefined) void authorize.run();
          }}
        >
          {nextStep !== undefined && <NextStep {...nextStep} />}
          <fieldset class="govgr-fieldset choices">
            <legend class="govgr-fieldset__legend govgr-heading-s">{t.legend}</legend>
            {suitable.map((application, index) => (
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
      {unsuitable.length > 0 && (
        <>
          <h2 class="govgr-heading-m">{t.notTitle}</h2>
          {!hasFace && <p class="govgr-body">{t.faceAbsent}</p>}
          <ul class="rows">
            {unsuitable.map((application) => (
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
