import { useEffect } from "preact/hooks";

import { loadCase, type Case } from "../../api/case";
import { pendingCode } from "../../api/pending_code";
import { useAction } from "../../parts/action";
import { ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { language } from "../../words/language";
import { ActList } from "../citizen/acts";
import { SubjectCards } from "../citizen/people";
import { words as people } from "../citizen/words/people";
import { CloseButton } from "./close_case";
import { words } from "./words";

/** The main page of a case: the people for whom the clerk acts, the actions so far, the receipt, and the button that closes the case. */
export function CaseHome({ current }: { current: Case }) {
  const t = words().home;
  // Loads the case again, because the person's pages do not update its list of actions.
  const reload = useAction(loadCase);
  useEffect(() => void reload.run(), []);
  return (
    <Page title={t.title}>
      {pendingCode.value !== undefined && (
        <Notice live>
          <p>{people().codeWaits}</p>
        </Notice>
      )}
      <h2 class="govgr-heading-m">{t.people}</h2>
      <SubjectCards />
      <h2 class="govgr-heading-m">{people().addMinor}</h2>
      <p class="govgr-body">{t.addMinorHint}</p>
      <ButtonLink href="/people/minor" variant="secondary">
        {people().addMinor}
      </ButtonLink>
      <h2 class="govgr-heading-m">{t.done}</h2>
      <FailureNote failure={reload.failure} onRetry={() => void reload.run()} />
      <ActList acts={current.done} />
      <h2 class="govgr-heading-m">{t.end}</h2>
      <p class="govgr-body">{t.receiptHint}</p>
      <div class="govgr-button-group">
        <ReceiptLink current={current} />
        <CloseButton current={current} variant="primary">
          {words().close.open}
        </CloseButton>
      </div>
    </Page>
  );
}

/** Opens the receipt in a new tab, where the browser can print it. */
function ReceiptLink({ current }: { current: Case }) {
  return (
    <a class="govgr-btn govgr-btn-secondary" href={`/v1/kep/cases/${encodeURIComponent(current.handle)}/receipt.pdf?language=${language.value}`} target="_blank" rel="noopener">
      {words().home.receipt}
    </a>
  );
}
