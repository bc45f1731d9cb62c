import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { pendingCode } from "../../api/pending_code";
import { useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { day, daysLeft, shortDay } from "../../words/dates";
import { language } from "../../words/language";
import { listApplications, URGENT_DAYS, useAssociation, type Association } from "./association";
import { Download } from "./download";
import { Photo } from "./photo";
import { UnknownSubject, useVisit, type Subject } from "./subject";
import { StatusMessage } from "./status_message";
import { ErrorMessage } from "./error_message";
import { words } from "./words/home";

type Active = Schemas["ActiveAuthorization"];

/** The main page of a person: the photos and all actions on them. */
export function Home({ subject }: { subject: Subject }) {
  const t = words();
  const association = useAssociation(subject.handle);
  const { data, failure } = association;
  if (failure !== undefined && "problem" in failure && failure.problem.code === "subject_unknown") return <UnknownSubject people={subject.people} isAtKep={subject.isAtKep} />;
  return (
    <Page title={subject.isSelf ? t.title : subject.minor === undefined ? t.titleAtKep : t.titleMinor} caption={subject.name} back={subject.people}>
      <StatusMessage />
      {/* Associated photos block a pending submission, or are its photos. In both cases the submission is not shown. */}
      {data === null && <PendingSubmission subject={subject} />}
      {failure !== undefined ? (
        <ErrorMessage failure={failure} onRetry={association.reload} subject={subject} />
      ) : data === undefined ? (
        <Loading />
      ) : data === null ? (
        <Empty subject={subject} />
      ) : (
        <Associated
          subject={subject}
          association={data}
          onWithdrawn={(application) => association.setData({ ...data, applications: data.applications.filter((active) => active.application !== application) })}
        />
      )}
      <Actions subject={subject} associated={data !== undefined && data !== null} />
    </Page>
  );
}

function PendingSubmission({ subject }: { subject: Subject }) {
  const t = words();
  const submission = useVisit().submission;
  if (submission?.subject !== subject.handle) return null;
  return (
    <Notice kind="warning" title={t.pendingTitle}>
      <p>{t.pending}</p>
      <ButtonLink href={`${subject.home}/${submission.confirmed ? "association" : "photos"}`}>{t.goOn}</ButtonLink>
    </Notice>
  );
}

function Empty({ subject }: { subject: Subject }) {
  const t = words();
  const hasPending = useVisit().submission?.subject === subject.handle && pendingCode.value === undefined;
  return (
    <>
      <h2 class="govgr-heading-m">{t.emptyTitle}</h2>
      <p class="govgr-body">{t.empty}</p>
      <ButtonLink href={`${subject.home}/code`} variant={hasPending ? "secondary" : "primary"}>
        {t.submit}
      </ButtonLink>
    </>
  );
}

function Associated({ subject, association, onWithdrawn }: { subject: Subject; association: Association; onWithdrawn: (application: string) => void }) {
  return (
    <>
      <Remaining association={association} />
      <ul class="pictures">
        {association.images.map((image) => (
          <Photo key={image.kind} subject={subject} image={image} />
        ))}
      </ul>
      <Download subject={subject} />
      <Authorized subject={subject} active={association.applications} onWithdrawn={onWithdrawn} />
    </>
  );
}

/** Shows the remaining time of the association. */
function Remaining({ association }: { association: Association }) {
  const t = words();
  const left = daysLeft(association.expires_at);
  const until = t.until(day(association.expires_at));
  if (left <= URGENT_DAYS) {
    return (
      <Notice kind="warning" title={t.urgent}>
        <p>
          {until}. <strong>{t.left(left)}</strong>
        </p>
        <p>{t.urgentText}</p>
      </Notice>
    );
  }
  return (
    <p class="remaining">
      <strong>{until}.</strong> {t.left(left)} <span class="quiet">{t.associated(day(association.associated_at))}</span>
    </p>
  );
}

function Authorized({ subject, active, onWithdrawn }: { subject: Subject; active: readonly Active[]; onWithdrawn: (application: string) => void }) {
  const t = words();
  const catalogue = useLoad(listApplications, []);
  const [withdrawing, setWithdrawing] = useState<Active>();
  const [withdrawn, setWithdrawn] = useState<string>();
  const nameOf = (id: string) => catalogue.data?.find((application) => application.id === id)?.names[language.value] ?? id;
  const withdraw = useAction(async (application: string) => {
    await responseData(api.DELETE("/v1/subjects/{subject}/authorizations/{application}", { params: { path: { subject: subject.handle, application } } }));
    setWithdrawn(application);
    setWithdrawing(undefined);
    onWithdrawn(application);
  });
  // The pressed button is removed with its row, so the focus moves to the heading. This runs after the dialog closes, because elements
  // behind an open dialog cannot take the focus.
  useEffect(() => {
    if (withdrawn !== undefined) document.getElementById("authorized")?.focus();
  }, [withdrawn]);
  const areNamesKnown = catalogue.data !== undefined || catalogue.failure !== undefined;
  return (
    <>
      <h2 class="govgr-heading-m" id="authorized" tabIndex={-1}>
        {t.authorizedTitle}
      </h2>
      <div role="status">
        {withdrawn !== undefined && (
          <Notice kind="success">
            <p>{t.withdrawn(nameOf(withdrawn))}</p>
          </Notice>
        )}
      </div>
      {active.length === 0 ? (
        <Notice kind="warning">
          <p>{t.noneAuthorized}</p>
        </Notice>
      ) : !areNamesKnown ? (
        <Loading />
      ) : (
        <ul class="rows">
          {active.map((authorization) => (
            <li class="row" key={authorization.application}>
              <span>
                <strong>{nameOf(authorization.application)}</strong>
                <span class="row-hint">{authorization.until === undefined ? t.since(shortDay(authorization.since)) : t.sinceUntil(shortDay(authorization.since), shortDay(authorization.until))}</span>
              </span>
              <button type="button" class="row-end" aria-label={t.withdrawOf(nameOf(authorization.application))} title={t.withdraw} onClick={() => setWithdrawing(authorization)}>
                <span aria-hidden="true">✕</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <ButtonLink href={`${subject.home}/applications`} variant={active.length === 0 ? "primary" : "secondary"}>
        {t.authorize}
      </ButtonLink>
      {withdrawing !== undefined && (
        <Dialog title={t.withdrawTitle} onClose={() => setWithdrawing(undefined)}>
          <p class="govgr-body">{t.withdrawText(nameOf(withdrawing.application))}</p>
          <FailureNote failure={withdraw.failure} />
          <div class="govgr-button-group">
            <Button variant="warning" busy={withdraw.busy} onClick={() => withdraw.run(withdrawing.application)}>
              {t.withdrawYes}
            </Button>
            <Button variant="secondary" onClick={() => setWithdrawing(undefined)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Actions({ subject, associated }: { subject: Subject; associated: boolean }) {
  const t = words();
  return (
    <>
      <h2 class="govgr-heading-m">{t.more}</h2>
      <ul class="rows">
        {/* A person without an association also has histories and data. */}
        {!subject.isAtKep && (
          <>
            <Action href={`${subject.home}/history`} text={t.history} hint={t.historyHint} />
            <Action href={`${subject.home}/accesses`} text={t.accesses} hint={t.accessesHint} />
          </>
        )}
        {associated && !subject.isAtKep && <Action href={`${subject.home}/reminder`} text={t.reminder} hint={t.reminderHint} />}
        {associated && <Action href={`${subject.home}/dissociation`} text={t.dissociate} hint={t.dissociateHint} />}
        {associated && <Action href={`${subject.home}/code`} text={t.another} hint={t.anotherHint} />}
        {!subject.isAtKep && (
          <>
            <Action href={`${subject.home}/visits`} text={t.visits} hint={t.visitsHint} />
            <Action href={`${subject.home}/data`} text={subject.isSelf ? t.data : t.dataMinor} hint={t.dataHint} />
          </>
        )}
        <Action href={subject.people} text={subject.isAtKep ? t.toCase : t.people} />
      </ul>
    </>
  );
}

function Action({ href, text, hint }: { href: string; text: ComponentChildren; hint?: string }) {
  return (
    <li class="row row-link">
      <span>
        <a class="govgr-link" href={href}>
          {text}
        </a>
        {hint !== undefined && <span class="row-hint">{hint}</span>}
      </span>
    </li>
  );
}
