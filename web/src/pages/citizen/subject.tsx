/* The person to whom a page applies: the signed-in person, the person at the counter of a KEP, or a minor in the custody of one of them. */
import { useRoute } from "preact-iso";
import type { ComponentType } from "preact";

import { loadCase, openCase, patchCase, type Case } from "../../api/case";
import type { Schemas } from "../../api/client";
import { patchSession, refreshSession } from "../../api/session";
import { ButtonLink } from "../../parts/button";
import { Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { words } from "./words/common";

export type Subject = {
  /** The value of {subject} in API paths. */
  handle: string;
  isSelf: boolean;
  /** True for the person at the counter of a KEP and for that person's minors. A clerk acts for them, so some pages are not offered. */
  isAtKep: boolean;
  name: string;
  minor?: Schemas["Minor"];
  /** Path of the person's main page. The person's other pages are below it. */
  home: string;
  /** Path of the page that lists all people of the visit (`Visit`). */
  people: string;
};

export function homeOf(subject: string): string {
  return `/people/${encodeURIComponent(subject)}`;
}

/** The people for whom the user may act, an adult and the adult's minors, and their pending submission. */
export type Visit = {
  /** The signed-in citizen, or the person at the counter. */
  adult: Subject;
  minors: readonly Schemas["Minor"][];
  submission: Schemas["Submission"] | undefined;
  submissionsLeft: number | undefined;
  /** Handle of the clerk's open case. Undefined for a citizen. */
  caseHandle: string | undefined;
};

/**
 * Returns the visit of the signed-in citizen or, for a clerk, of the person in the open case. The calling page must be inside `Gate` and,
 * for a clerk, also inside `InCase`.
 */
export function useVisit(): Visit {
  const session = useSession();
  const current = openCase.value;
  const { minors, submission, submissions_left: submissionsLeft } = current ?? session;
  return { adult: current === undefined ? selfSubject(session) : counterSubject(current), minors, submission, submissionsLeft, caseHandle: current?.handle };
}

/** Updates fields of the visit with the values from a response, so that the visit need not be loaded again. */
export function patchVisit(change: { submissions_left?: number | undefined; minors?: Schemas["Minor"][]; submission?: Schemas["Submission"] | undefined }): void {
  if (openCase.value === undefined) patchSession(change);
  else patchCase(change);
}

/** Loads the data of the visit again, from the clerk's open case or from the citizen's session. */
export async function refreshVisit(): Promise<void> {
  await (openCase.value === undefined ? refreshSession() : loadCase());
}

const fullName = (person: { first_name: string; last_name: string } | undefined) => `${person?.first_name ?? ""} ${person?.last_name ?? ""}`.trim();

function selfSubject(session: Schemas["Session"]): Subject {
  return { handle: "self", isSelf: true, isAtKep: false, name: fullName(session.person), home: homeOf("self"), people: "/people" };
}

function counterSubject({ handle, person }: Case): Subject {
  return { handle, isSelf: false, isAtKep: true, name: fullName(person), home: homeOf(handle), people: "/kep" };
}

export function minorSubject(minor: Schemas["Minor"], { adult }: Visit): Subject {
  return { handle: minor.subject, isSelf: false, isAtKep: adult.isAtKep, name: fullName(minor), minor, home: homeOf(minor.subject), people: adult.people };
}

/**
 * Wraps a page below /people/:subject. Passes the person with the handle `:subject` to the page. If the visit has no such person, for
 * example because the link is old, shows an explanation instead of the page. Pages with `atKep: false` are not for clerks.
 */
export function withSubject(InnerPage: ComponentType<{ subject: Subject }>, { atKep = true } = {}): ComponentType {
  return function WithSubject() {
    const visit = useVisit();
    const handle = useRoute().params.subject ?? visit.adult.handle;
    const minor = visit.minors.find((minor) => minor.subject === handle);
    if (handle !== visit.adult.handle && minor === undefined) return <UnknownSubject people={visit.adult.people} isAtKep={visit.adult.isAtKep} />;
    const subject = minor === undefined ? visit.adult : minorSubject(minor, visit);
    if (subject.isAtKep && !atKep) return <NotAtKep subject={subject} />;
    return <InnerPage key={handle} subject={subject} />;
  };
}

export function UnknownSubject({ people, isAtKep }: { people: string; isAtKep: boolean }) {
  const t = isAtKep ? words().lostAtKep : words().lost;
  return (
    <Page title={t.title} back={people}>
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href={people}>{t.people}</ButtonLink>
    </Page>
  );
}

function NotAtKep({ subject }: { subject: Subject }) {
  const t = words().notAtKep;
  return (
    <Page title={t.title} back={subject.home}>
      <p class="govgr-body">{t.text}</p>
      <ButtonLink href={subject.home}>{subject.name}</ButtonLink>
    </Page>
  );
}
