import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";

import { pendingCode } from "../../api/pending_code";
import { ButtonLink } from "../../parts/button";
import { Notice, Tag } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { day, daysLeft, shortDay } from "../../words/dates";
import { URGENT_DAYS, useAssociation } from "./association";
import { minorSubject, useVisit, type Subject } from "./subject";
import { words } from "./words/people";

/**
 * The citizen's first page, where the citizen chooses a person. If a link brought a code, the choice leads to that person's code page. A
 * clerk chooses the person on the case's main page instead.
 */
export function People() {
  const { adult } = useVisit();
  return adult.isAtKep ? <Redirect path={adult.people} /> : <PersonChoice />;
}

function Redirect({ path }: { path: string }) {
  const { route } = useLocation();
  useEffect(() => route(path, true), [path]);
  return <Loading />;
}

function PersonChoice() {
  const t = words();
  const hasPendingCode = pendingCode.value !== undefined;
  return (
    <Page title={hasPendingCode ? t.codeTitle : t.title}>
      {hasPendingCode && (
        <Notice live>
          <p>{t.codeWaits}</p>
        </Notice>
      )}
      <SubjectCards />
      <h2 class="govgr-heading-m">{t.addMinor}</h2>
      <p class="govgr-body">{t.addMinorHint}</p>
      <ButtonLink href="/people/minor" variant="secondary">
        {t.addMinor}
      </ButtonLink>
    </Page>
  );
}

/** Shows a card for each person of the visit, with the state of the person's photos. */
export function SubjectCards() {
  const visit = useVisit();
  const people = [visit.adult, ...visit.minors.map((minor) => minorSubject(minor, visit))];
  const hasPendingCode = pendingCode.value !== undefined;
  return (
    <ul class="cards">
      {people.map((subject) => (
        <SubjectCard key={subject.handle} subject={subject} href={hasPendingCode ? `${subject.home}/code` : subject.home} />
      ))}
    </ul>
  );
}

function SubjectCard({ subject, href }: { subject: Subject; href: string }) {
  const t = words();
  return (
    <li class="card card-link">
      <a class="card-title" href={href}>
        {subject.name}
      </a>
      <p class="card-text">{subject.minor === undefined ? (subject.isAtKep ? t.atCounter : t.self) : t.born(day(subject.minor.birth_date))}</p>
      <p class="card-text" role="status">
        <SubjectStatus subject={subject} />
      </p>
    </li>
  );
}

function SubjectStatus({ subject }: { subject: Subject }) {
  const t = words();
  const association = useAssociation(subject.handle);
  if (useVisit().submission?.subject === subject.handle) return <Tag kind="busy">{t.pending}</Tag>;
  if (association.failure !== undefined) return <Tag kind="quiet">{t.unknown}</Tag>;
  if (association.data === undefined) return <span class="quiet">{parts().loading}</span>;
  if (association.data === null) return <Tag kind="quiet">{t.none}</Tag>;
  const { expires_at } = association.data;
  return <Tag kind={daysLeft(expires_at) <= URGENT_DAYS ? "bad" : "good"}>{t.until(shortDay(expires_at))}</Tag>;
}
