import { ProblemError, type Failure } from "../../api/client";
import { FailureNote } from "../../parts/failure";
import type { Subject } from "./subject";
import { words } from "./words/common";

/** Shows a failure. If retrying cannot help, a link to the next step replaces the retry button. */
export function ErrorMessage({ failure, onRetry, subject }: { failure: Failure | undefined; onRetry?: () => void; subject: Subject }) {
  const next = failure === undefined ? undefined : nextStepFor(failure, subject);
  return (
    <FailureNote failure={failure} {...(onRetry === undefined || next !== undefined ? {} : { onRetry })}>
      {next !== undefined && <NextStep {...next} />}
    </FailureNote>
  );
}

export function NextStep({ href, text }: { href: string; text: string }) {
  return (
    <p>
      <a class="govgr-link" href={href}>
        {text}
      </a>
    </p>
  );
}

/** Returns the link to the next step after a problem that retrying does not solve. */
export function nextStepFor(failure: Failure, subject: Subject): { href: string; text: string } | undefined {
  const t = words();
  if (!(failure instanceof ProblemError)) return undefined;
  switch (failure.problem.code) {
    case "subject_unknown":
    case "minor_is_adult":
      return { href: subject.people, text: t.lost.people };
    case "association_exists":
      return { href: `${subject.home}/dissociation`, text: t.toDissociation };
    case "code_already_yours":
    case "nothing_associated":
      return { href: subject.home, text: t.toHome };
    case "no_submission":
    case "code_not_active":
    case "association_raced":
      return { href: `${subject.home}/code`, text: t.toCode };
    default:
      return undefined;
  }
}
