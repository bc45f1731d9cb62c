/* For whom a page is: the signed-in person, or a minor of this session. */
import { useRoute } from "preact-iso";
import type { ComponentType } from "preact";

import type { Schemas } from "../../api/client";
import { ButtonLink } from "../../parts/button";
import { Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { words } from "./words/common";

export type Who = {
  /** For the API's {subject}. */
  subject: string;
  isSelf: boolean;
  name: string;
  minor?: Schemas["Minor"];
  /** Address of the person's own page; the others lie below. */
  home: string;
};

export function homeOf(subject: string): string {
  return `/people/${encodeURIComponent(subject)}`;
}

export function self(session: Schemas["Session"]): Who {
  return { subject: "self", isSelf: true, name: `${session.person?.first_name ?? ""} ${session.person?.last_name ?? ""}`.trim(), home: homeOf("self") };
}

export function ofMinor(minor: Schemas["Minor"]): Who {
  return { subject: minor.subject, isSelf: false, name: `${minor.first_name} ${minor.last_name}`, minor, home: homeOf(minor.subject) };
}

/** A page below /people/:subject. A handle that this session does not know (an old link, a new sign-in) is explained. */
export function forSubject(Inside: ComponentType<{ who: Who }>, { selfOnly = false } = {}): ComponentType {
  return function ForSubject() {
    const subject = useRoute().params.subject ?? "self";
    const session = useSession();
    const minor = session.minors.find((minor) => minor.subject === subject);
    if (subject !== "self" && minor === undefined) return <SubjectLost />;
    const who = minor === undefined ? self(session) : ofMinor(minor);
    return selfOnly && !who.isSelf ? <SelfOnly who={who} /> : <Inside key={subject} who={who} />;
  };
}

export function SubjectLost() {
  const t = words().lost;
  return (
    <Page title={t.title} back="/people">
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href="/people">{t.people}</ButtonLink>
    </Page>
  );
}

function SelfOnly({ who }: { who: Who }) {
  const t = words().selfOnly;
  return (
    <Page title={t.title} back={who.home}>
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href={who.home}>{who.name}</ButtonLink>
    </Page>
  );
}
