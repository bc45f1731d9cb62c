import { lastCaseEnd, type Case } from "../../api/case";
import { session } from "../../api/session";
import { CaseHome } from "./case_home";
import { CaseOver } from "./case_over";
import { LoadedCase } from "./in_case";
import { OpenCase } from "./open_case";
import { PaperConsent } from "./paper_consent";
import { Presence } from "./presence";

/**
 * The clerk's main page. Without an open case, it shows the form that opens one, or the reason why the last case has ended. With an open
 * case, it shows the current step. The URL is always the same, so a reload shows the same step again.
 */
export function Counter() {
  if (session.value?.case !== undefined) return <LoadedCase>{(current) => <Step current={current} />}</LoadedCase>;
  const end = lastCaseEnd.value;
  return end === undefined ? <OpenCase /> : <CaseOver end={end} />;
}

function Step({ current }: { current: Case }) {
  switch (current.stage) {
    case "presence":
      return <Presence current={current} />;
    case "consent":
      return <PaperConsent current={current} />;
    case "ready":
      return <CaseHome current={current} />;
  }
}
