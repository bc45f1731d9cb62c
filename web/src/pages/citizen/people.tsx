import { pendingCode } from "../../api/pending_code";
import { ButtonLink } from "../../parts/button";
import { Notice, Tag } from "../../parts/notice";
import { Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { useSession } from "../../shell/gate";
import { day, daysLeft, shortDay } from "../../words/dates";
import { URGENT_DAYS, useAssociation } from "./association";
import { minorSubject, selfSubject, type Subject } from "./subject";
import { words } from "./words/people";

/** The citizen's first page: the choice of the person. If a code came with a link, it continues to that person's code page. */
export function People() {
  const t = words();
  const session = useSession();
  const hasPendingCode = pendingCode.value !== undefined;
  const people = [selfSubject(session), ...session.minors.map(minorSubject)];
  return (
    <Page title={hasPendingCode ? t.codeTitle : t.title}>
      {hasPendingCode && (
        <Notice live>
          <p>{t.codeWaits}</p>
        </Notice>
      )}
      <ul class="cards">
        {people.map((subject) => (
          <SubjectCard key={subject.handle} subject={subject} href={hasPendingCode ? `${subject.home}/code` : subject.home} />
        ))}
      </ul>
      <h2 class="govgr-heading-m">{t.addMinor}</h2>
      <p class="govgr-body">{t.addMinorHint}</p>
      <ButtonLink href="/people/minor" variant="secondary">
        {t.addMinor}
      </ButtonLink>
    </Page>
  );
}

function SubjectCard({ subject, href }: { subject: Subject; href: string }) {
  const t = words();
  return (
    <li class="card card-link">
      <a class="card-title" href={href}>
        {subject.name}
      </a>
      <p class="card-text">{subject.minor === undefined ? t.self : t.born(day(subject.minor.birth_date))}</p>
      <p class="card-text" role="status">
        <SubjectStatus subject={subject} />
      </p>
    </li>
  );
}

function SubjectStatus({ subject }: { subject: Subject }) {
  const t = words();
  const association = useAssociation(subject.handle);
  if (useSession().submission?.subject === subject.handle) return <Tag kind="busy">{t.pending}</Tag>;
  if (association.failure !== undefined) return <Tag kind="quiet">{t.unknown}</Tag>;
  if (association.data === undefined) return <span class="quiet">{parts().loading}</span>;
  if (association.data === null) return <Tag kind="quiet">{t.none}</Tag>;
  const { expires_at } = association.data;
  return <Tag kind={daysLeft(expires_at) <= URGENT_DAYS ? "bad" : "good"}>{t.until(shortDay(expires_at))}</Tag>;
}
