import { useEffect, useState } from "preact/hooks";

import { answer, api, Refused, type Schemas } from "../../api/client";
import { amend, refresh } from "../../api/session";
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
import { numbersOf } from "./minor_numbers";
import { forgetPreviews } from "./previews";
import type { Who } from "./subject";
import { Elsewhere, useTell } from "./told";
import { wayOn, WayOn } from "./trouble";
import { words as common } from "./words/common";
import { words } from "./words/photos";

type Submission = Schemas["Submission"];

/** The explicit agreement, and what comes after it. */
export function Associate({ who }: { who: Who }) {
  const submission = useSession().submission;
  const [done, setDone] = useState<Association>();
  if (done !== undefined) return <Done who={who} association={done} />;
  if (submission?.subject !== who.subject) return <NotNow who={who} />;
  if (!submission.confirmed) return <Elsewhere path={`${who.home}/photos`} word="notConfirmed" />;
  return <Agreement who={who} submission={submission} onDone={setDone} />;
}

/** Nothing in hand: associated already, most likely, and the page was loaded again. */
function NotNow({ who }: { who: Who }) {
  const association = useAssociation(who.subject);
  if (association.data === undefined && association.failure === undefined) return <Loading />;
  return association.data === undefined || association.data === null ? (
    <Elsewhere path={`${who.home}/code`} word="noSubmission" />
  ) : (
    <Elsewhere path={who.home} word="alreadyAssociated" />
  );
}

function Agreement({ who, submission, onDone }: { who: Who; submission: Submission; onDone: (association: Association) => void }) {
  const t = words().association;
  const afm = useSession().person?.afm;
  const tell = useTell();
  const [agreed, setAgreed] = useState(false);
  const [missing, setMissing] = useState(false);
  const { text, failure: unread, again } = useText(submission);
  const associate = useAction(async (version: string) => {
    try {
      const params = { path: { subject: who.subject } };
      const association = await answer(api.PUT("/v1/subjects/{subject}/association", { params, body: { version, agree: true } }));
      onDone(association);
      forgetPreviews();
      amend({ submission: undefined });
    } catch (error) {
      if (error instanceof Refused && error.problem.code === "no_submission") {
        // Submitted before the photos were associated and dissociated elsewhere, or rejected there: it is in hand no longer.
        forgetPreviews();
        tell(`${who.home}/code`, "submitAgain", true);
        amend({ submission: undefined });
        return;
      }
      if (error instanceof Refused && error.problem.code === "consent_version_old") {
        setAgreed(false);
        await refresh();
      }
      throw error;
    }
  });
  const errors: Record<string, string> = missing && !agreed ? { agree: t.agreeMissing } : {};
  const next = associate.failure === undefined ? undefined : wayOn(associate.failure, who);
  return (
    <Page title={t.title} back={`${who.home}/photos`}>
      <Summary
        rows={[
          [t.whom, who.name],
          [t.with, who.isSelf ? t.afm(afm ?? "") : numberOf(who)],
          [t.images, submission.images.map(({ kind }) => common()[kind]).join(", ")],
        ]}
      />
      <FailureNote failure={unread} onRetry={again} />
      {text !== undefined && (
        <Form
          errors={errors}
          failure={missing && !agreed ? undefined : associate.failure}
          onSubmit={() => {
            setMissing(!agreed);
            if (agreed) void associate.run(text.version);
          }}
        >
          {next !== undefined && <WayOn {...next} />}
          <h2 class="govgr-heading-m">{text.title}</h2>
          {text.paragraphs.map((paragraph) => (
            <p class="govgr-body" key={paragraph}>
              {paragraph}
            </p>
          ))}
          <Checkbox id="agree" label={t.agree(text.agreement)} checked={agreed} onChange={setAgreed} error={errors.agree} />
          <Button submit busy={associate.busy}>
            {t.submit}
          </Button>
        </Form>
      )}
    </Page>
  );
}

function numberOf(who: Who): string {
  const t = words().association;
  const numbers = numbersOf(who.subject);
  if (numbers === undefined) return t.minorNumber;
  return numbers.afm !== undefined ? t.afm(numbers.afm) : t[numbers.kind](numbers.value);
}

/** The text comes in the language of the call that brought it: after a change of language it is asked for again. */
function useText(submission: Submission) {
  const spoken = language.value;
  const text = submission.consent;
  const again = useAction(refresh);
  useEffect(() => {
    if (text === undefined || languageOf(text.title) !== spoken) void again.run();
  }, [spoken]);
  return { text, failure: again.failure, again: () => void again.run() };
}

function Done({ who, association }: { who: Who; association: Association }) {
  const t = words().done;
  return (
    <Page key="done" title={t.title} back={who.home}>
      <Notice kind="success" live>
        <p>{t.until(day(association.expires_at))}</p>
      </Notice>
      <h2 class="govgr-heading-m">{t.next}</h2>
      <p class="govgr-body">{t.nextText}</p>
      <div class="govgr-button-group">
        <ButtonLink href={`${who.home}/applications`}>{t.authorize}</ButtonLink>
        <ButtonLink href={who.home} look="secondary">
          {t.later}
        </ButtonLink>
      </div>
      {who.isSelf && (
        <p>
          <a class="govgr-link" href={`${who.home}/reminder`}>
            {t.reminder}
          </a>
        </p>
      )}
    </Page>
  );
}
