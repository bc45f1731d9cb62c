import { pendingCode } from "../../api/pending_code";
import { ButtonLink } from "../../parts/button";
import { Notice, Tag } from "../../parts/notice";
import { Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { useSession } from "../../shell/gate";
import { day, daysLeft, shortDay } from "../../words/dates";
import { URGENT_DAYS, useAssociation } from "./association";
import { ofMinor, self, type Who } from "./subject";
import { words } from "./words/people";

/** The citizen's first page: for whom. A code that came with a link is taken along. */
export function People() {
  const t = words();
  const session = useSession();
  const waits = pendingCode.value !== undefined;
  const people = [self(session), ...session.minors.map(ofMinor)];
  return (
    <Page title={waits ? t.codeTitle : t.title}>
      {waits && (
        <Notice live>
          <p>{t.codeWaits}</p>
        </Notice>
      )}
      <ul class="cards">
        {people.map((who) => (
          <Person key={who.subject} who={who} href={waits ? `${who.home}/code` : who.home} />
        ))}
      </ul>
      <h2 class="govgr-heading-m">{t.addMinor}</h2>
      <p class="govgr-body">{t.addMinorHint}</p>
      <ButtonLink href="/people/minor" look="secondary">
        {t.addMinor}
      </ButtonLink>
    </Page>
  );
}

function Person({ who, href }: { who: Who; href: string }) {
  const t = words();
  return (
    <li class="card card-link">
      <a class="card-title" href={href}>
        {who.name}
      </a>
      <p class="card-text">{who.minor === undefined ? t.self : t.born(day(who.minor.birth_date))}</p>
      <p class="card-text" role="status">
        <State who={who} />
      </p>
    </li>
  );
}

function State({ who }: { who: Who }) {
  const t = words();
  const association = useAssociation(who.subject);
  if (useSession().submission?.subject === who.subject) return <Tag kind="busy">{t.inHand}</Tag>;
  if (association.failure !== undefined) return <Tag kind="quiet">{t.unknown}</Tag>;
  if (association.data === undefined) return <span class="quiet">{parts().loading}</span>;
  if (association.data === null) return <Tag kind="quiet">{t.none}</Tag>;
  const { expires_at } = association.data;
  return <Tag kind={daysLeft(expires_at) <= URGENT_DAYS ? "bad" : "good"}>{t.until(shortDay(expires_at))}</Tag>;
}
