/* The person to whom a page applies: the signed-in person, or a minor of this session. */
import { useRoute } from "preact-iso";
import type { ComponentType } from "preact";

import type { Schemas } from "../../api/client";
import { ButtonLink } from "../../parts/button";
import { Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { words } from "./words/common";

export type Subject = {
  /** The value of {subject} in API paths. */
  handle: string;
  isSelf: boolean;
  name: string;
  minor?: Schemas["Minor"];
  /** Path of the person's main page. The person's other pages are below it. */
  home: string;
};

export function homeOf(subject: string): string {
  return `/people/${encodeURIComponent(subject)}`;
}

export function selfSubject(session: Schemas["Session"]): Subject {
  return { handle: "self", isSelf: true, name: `${session.person?.first_name ?? ""} ${session.person?.last_name ?? ""}`.trim(), home: homeOf("self") };
}

export function minorSubject(minor: Schemas["Minor"]): Subject {
  return { handle: minor.subject, isSelf: false, name: `${minor.first_name} ${minor.last_name}`, minor, home: homeOf(minor.subject) };
}

/**
 * Wraps a page below /people/:subject and passes the person to it. A handle that this session does not know, for example from an old link,
 * gets an explanation instead.
 */
export function withSubject(InnerPage: ComponentType<{ subject: Subject }>, { selfOnly = false } = {}): ComponentType {
  return function WithSubject() {
    const handle = useRoute().params.subject ?? "self";
    const session = useSession();
    const minor = session.minors.find((minor) => minor.subject === handle);
    if (handle !== "self" && minor === undefined) return <UnknownSubject />;
    const subject = minor === undefined ? selfSubject(session) : minorSubject(minor);
    return selfOnly && !subject.isSelf ? <SelfOnly subject={subject} /> : <InnerPage key={handle} subject={subject} />;
  };
}

export function UnknownSubject() {
  const t = words().lost;
  return (
    <Page title={t.title} back="/people">
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href="/people">{t.people}</ButtonLink>
    </Page>
  );
}

function SelfOnly({ subject }: { subject: Subject }) {
  const t = words().selfOnly;
  return (
    <Page title={t.title} back={subject.home}>
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href={subject.home}>{subject.name}</ButtonLink>
    </Page>
  );
}
