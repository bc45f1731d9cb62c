import { useEffect, useState } from "preact/hooks";

import { responseData, api, ProblemError, type Schemas } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Checkbox, Form } from "../../parts/form";
import { Notice, Summary } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { day } from "../../words/dates";
import { language, languageOf } from "../../words/language";
import { useAssociation, type Association } from "./association";
import { minorNumbersOf } from "./minor_numbers";
import { clearPreviews } from "./previews";
import { patchVisit, refreshVisit, useVisit, type Subject } from "./subject";
import { RedirectWithMessage, useRouteWithMessage } from "./status_message";
import { nextStepFor, NextStep } from "./error_message";
import { words as common } from "./words/common";
import { words } from "./words/photos";

type Submission = Schemas["Submission"];

/** Asks for consent to the association, and then shows the result. */
export function Associate({ subject }: { subject: Subject }) {
  const { submission } = useVisit();
  const [done, setDone] = useState<Association>();
  if (done !== undefined) return <Done subject={subject} association={done} />;
  if (submission?.subject !== subject.handle) return <NoPendingSubmission subject={subject} />;
  if (!submission.confirmed) return <RedirectWithMessage path={`${subject.home}/photos`} messageKey="notConfirmed" />;
  return <Agreement subject={subject} submission={submission} onDone={setDone} />;
}

/** Explains that there is no pending submission. Most likely the photos are already associated, and the user has reloaded the page. */
function NoPendingSubmission({ subject }: { subject: Subject }) {
  const association = useAssociation(subject.handle);
  if (association.data === undefined && association.failure === undefined) return <Loading />;
  return association.data === undefined || association.data === null ? (
    <RedirectWithMessage path={`${subject.home}/code`} messageKey="noSubmission" />
  ) : (
    <RedirectWithMessage path={subject.home} messageKey="alreadyAssociated" />
  );
}

function Agreement({ subject, submission, onDone }: { subject: Subject; submission: Submission; onDone: (association: Association) => void }) {
  const t = words().association;
  const afm = useSession().person?.afm;
  const routeWithMessage = useRouteWithMessage();
  const [agreed, setAgreed] = useState(false);
  const [isUnchecked, setIsUnchecked] = useState(false);
  const { text, failure: loadFailure, again } = useConsentText(submission);
  const associate = useAction(async (version: string) => {
    try {
      const params = { path: { subject: subject.handle } };
      const association = await responseData(api.PUT("/v1/subjects/{subject}/association", { params, body: { version, agree: true } }));
      onDone(association);
      clearPreviews();
      patchVisit({ submission: undefined });
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === "no_submission") {
        // This session no longer has the submission, because of an action elsewhere: in another tab the photos were rejected, or a code was
        // submitted for another person, or in another tab or session the photos were associated and then dissociated.
        clearPreviews();
        routeWithMessage(`${subject.home}/code`, "submitAgain", true);
        patchVisit({ submission: undefined });
        return;
      }
      if (error instanceof ProblemError && error.problem.code === "consent_version_old") {
        setAgreed(false);
        await refreshVisit();
      }
      throw error;
    }
  });
  const errors: Record<string, string> = isUnchecked && !agreed ? { agree: subject.isAtKep ? t.agreeMissingAtKep : t.agreeMissing } : {};
  const nextStep = associate.failure === undefined ? undefined : nextStepFor(associate.failure, subject);
  return (
    <Page title={t.title} back={`${subject.home}/photos`}>
      <Summary
        rows={[
          [t.whom, subject.name],
          [t.with, subject.isSelf ? t.afm(afm ?? "") : numberOf(subject)],
          [t.images, submission.images.map(({ kind }) => common()[kind]).join(", ")],
        ]}
      />
      <FailureNote failure={loadFailure} onRetry={again} />
      {text !== undefined && (
        <Form
          errors={errors}
          failure={isUnchecked && !agreed ? undefined : associate.failure}
          onSubmit={() => {
            setIsUnchecked(!agreed);
            if (agreed) void associate.run(text.version);
          }}
        >
          {nextStep !== undefined && <NextStep {...nextStep} />}
          <h2 class="govgr-heading-m">{text.title}</h2>
          {text.paragraphs.map((paragraph) => (
            <p class="govgr-body" key={paragraph}>
              {paragraph}
            </p>
          ))}
          <Checkbox id="agree" label={subject.isAtKep ? t.agreeAtKep : t.agree(text.agreement)} checked={agreed} onChange={setAgreed} error={errors.agree} />
          <Button submit busy={associate.busy}>
            {t.submit}
          </Button>
        </Form>
      )}
    </Page>
  );
}

function numberOf(subject: Subject): string {
  const t = words().association;
  if (subject.minor === undefined) return t.number;
  const numbers = minorNumbersOf(subject.handle);
  if (numbers === undefined) return t.minorNumber;
  return numbers.afm !== undefined ? t.afm(numbers.afm) : t[numbers.kind](numbers.value);
}

/** Returns the consent text. The service sends it in the language of the request, so it is loaded again after a language change. */
function useConsentText(submission: Submission) {
  const currentLanguage = language.value;
  const text = submission.consent;
  const reload = useAction(refreshVisit);
  useEffect(() => {
    if (text === undefined || languageOf(text.title) !== currentLanguage) void reload.run();
  }, [currentLanguage]);
  return { text, failure: reload.failure, again: () => void reload.run() };
}

function Done({ subject, association }: { subject: Subject; association: Association }) {
  const t = words().done;
  return (
    <Page key="done" title={t.title} back={subject.home}>
      <Notice kind="success" live>
        <p>{t.until(day(association.expires_at))}</p>
      </Notice>
      <h2 class="govgr-heading-m">{t.next}</h2>
      <p class="govgr-body">{t.nextText}</p>
      <div class="govgr-button-group">
        <ButtonLink href={`${subject.home}/applications`}>{t.authorize}</ButtonLink>
        <ButtonLink href={subject.home} variant="secondary">
          {t.later}
        </ButtonLink>
      </div>
      {!subject.isAtKep && (
        <p>
          <a class="govgr-link" href={`${subject.home}/reminder`}>
            {t.reminder}
          </a>
        </p>
      )}
    </Page>
  );
}
