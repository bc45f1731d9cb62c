import { forgetCaseEnd, type CaseEnd } from "../../api/case";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { words } from "./words";

/** Says why the last case has ended. The page contains nothing about the person. */
export function CaseOver({ end: { reason, isMessageSent } }: { end: CaseEnd }) {
  const t = words().over;
  return (
    <Page title={t.titles[reason]}>
      <Notice kind={reason === "closed" ? "success" : "warning"} live>
        <p>{t.reasons[reason]}</p>
        {isMessageSent && <p>{t.message}</p>}
      </Notice>
      <p class="govgr-body">{t.cleared}</p>
      <Button onClick={forgetCaseEnd}>{t.next}</Button>
    </Page>
  );
}
