import { useEffect, useState } from "preact/hooks";

import { openCase } from "../../api/case";
import { Notice } from "../../parts/notice";
import { now } from "../../words/clock";
import { CloseButton } from "./close_case";
import { clockText, warningMinutes } from "./countdown";
import { wasAlreadyOpen } from "./open_case";
import { words } from "./words";

/** The bar above every page of a case. It shows the person, the office, the number of the signed application, and the remaining time. */
export function CaseBar() {
  const t = words().bar;
  const current = openCase.value;
  const remaining = useRemaining(current?.expires_at);
  if (current === undefined) return null;
  const warning = warningMinutes(remaining);
  return (
    <section class={warning === undefined ? "case-bar" : "case-bar case-bar-ending"} aria-label={t.label}>
      <div class="case-bar-row">
        <p class="case-bar-person">
          <span class="case-bar-name">{t.person}</span>{" "}
          <strong>
            {current.person.first_name} {current.person.last_name}
          </strong>
        </p>
        <p>
          {current.office.name}
          <span class="case-bar-application">{t.application(current.application_number)}</span>
        </p>
        <p>
          {t.remaining}{" "}
          <strong role="timer" class="case-bar-clock">
            {clockText(remaining)}
          </strong>
        </p>
        <p class="case-bar-actions">
          {current.stage === "ready" && (
            <a class="govgr-link" href="/kep">
              {t.toCase}
            </a>
          )}
        </p>
        {current.stage === "ready" && <CloseButton current={current}>{t.close}</CloseButton>}
      </div>
      {/* The text changes only at the two warnings, so screen readers do not read it every second. */}
      <p class="case-bar-warning" role="status">
        {warning !== undefined && t.warnings[warning]}
      </p>
      {wasAlreadyOpen.value && (
        <Notice kind="warning" live>
          <p>{t.alreadyOpen}</p>
        </Notice>
      )}
    </section>
  );
}

/** Returns the milliseconds until the time `until`. The component is rendered again each second. */
function useRemaining(until: string | undefined): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (until === undefined) return undefined;
    const clock = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(clock);
  }, [until]);
  return until === undefined ? 0 : Date.parse(until) - now();
}
