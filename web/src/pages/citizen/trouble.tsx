import { Refused, type Failure } from "../../api/client";
import { FailureNote } from "../../parts/failure";
import type { Who } from "./subject";
import { words } from "./words/common";

/** A failure, with the way on where there is one other than trying again. */
export function Trouble({ failure, onRetry, who }: { failure: Failure | undefined; onRetry?: () => void; who: Who }) {
  const next = failure === undefined ? undefined : wayOn(failure, who);
  return (
    <FailureNote failure={failure} {...(onRetry === undefined || next !== undefined ? {} : { onRetry })}>
      {next !== undefined && <WayOn {...next} />}
    </FailureNote>
  );
}

export function WayOn({ href, text }: { href: string; text: string }) {
  return (
    <p>
      <a class="govgr-link" href={href}>
        {text}
      </a>
    </p>
  );
}

/** Where somebody goes on after a refusal that trying again does not cure. */
export function wayOn(failure: Failure, who: Who): { href: string; text: string } | undefined {
  const t = words();
  if (!(failure instanceof Refused)) return undefined;
  switch (failure.problem.code) {
    case "subject_unknown":
    case "minor_is_adult":
      return { href: "/people", text: t.lost.people };
    case "association_exists":
      return { href: `${who.home}/dissociation`, text: t.toDissociation };
    case "code_already_yours":
    case "nothing_associated":
      return { href: who.home, text: t.toHome };
    case "no_submission":
    case "code_not_active":
    case "association_raced":
      return { href: `${who.home}/code`, text: t.toCode };
    default:
      return undefined;
  }
}
