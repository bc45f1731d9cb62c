/* Error messages. The text of a problem comes from the service. The texts of other failures come from this application. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { ProblemError, type Failure } from "../api/client";
import { Button } from "./button";
import { words } from "./words";

export function failureText(failure: Failure): string {
  return failure instanceof ProblemError ? failure.problem.detail : words()[failure.reason];
}

/** Shows the failure of a page, or of an action without a form. The message takes the focus, so that screen readers read it. */
export function FailureNote({ failure, onRetry, children }: { failure: Failure | undefined; onRetry?: () => void; children?: ComponentChildren }) {
  const t = words();
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (failure !== undefined) note.current?.focus();
  }, [failure]);
  if (failure === undefined) return null;
  // If the owner of the business has withdrawn the employee's authorization, retrying cannot help. The user has to choose another role.
  const isWithdrawn = failure instanceof ProblemError && failure.problem.code === "staff_withdrawn";
  return (
    <div class="govgr-error-summary" role="alert" tabIndex={-1} ref={note} data-problem={failure instanceof ProblemError ? failure.problem.code : failure.reason}>
      <h2 class="govgr-heading-s">{failure instanceof ProblemError ? failure.problem.title : t.problemTitle}</h2>
      <p class="govgr-body">{failureText(failure)}</p>
      {children}
      {isWithdrawn && (
        <a class="govgr-btn govgr-btn-secondary" href="/role">
          {t.otherRole}
        </a>
      )}
      {onRetry !== undefined && !isWithdrawn && (
        <Button variant="secondary" onClick={onRetry}>
          {t.retry}
        </Button>
      )}
    </div>
  );
}
