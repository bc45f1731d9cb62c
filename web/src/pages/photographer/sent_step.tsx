import { Button, ButtonLink } from "../../parts/button";
import { Notice, Summary } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment } from "../../words/dates";
import { issued, nextCustomer } from "./draft";
import { StateTag, failureText, imagesText } from "./issuance_parts";
import { cachedIssuance } from "./issuances";
import { LastIssued } from "./last_issued";
import { words } from "./new_words";
import { words as referenceWords } from "./reference_words";
import { focusFirstField, useSteps } from "./step";
import { words as common } from "./words";

/** The page after the last step. Shows the delivery, and lets the photographer begin with the next customer. */
export function SentStep() {
  const t = words().done;
  const { to, profile, language, expiresAt, delivery, recipient, stateHint } = common();
  const { go } = useSteps();
  const first = issued.value;
  const issuance = first === undefined ? undefined : (cachedIssuance(first.upload_id) ?? first);
  if (issuance === undefined) return null;
  return (
    <Page title={t.title} wide>
      <div role="status">
        <Notice kind={issuance.state === "failed" ? "warning" : "success"}>
          <p>{issuance.state === "queued" ? t.to(issuance.recipient.masked) : issuance.state === "failed" && issuance.failure !== undefined ? failureText(issuance.failure) : stateHint[issuance.state]}</p>
        </Notice>
      </div>
      <div class="govgr-button-group">
        <Button
          onClick={() => {
            nextCustomer();
            focusFirstField();
            go("pictures", { replace: true });
          }}
        >
          {t.next}
        </Button>
        <ButtonLink variant="secondary" href="/photographer">
          {t.list}
        </ButtonLink>
      </div>
      <div class="sent">
        <div>
          <Summary
            rows={[
              [to, issuance.recipient.masked],
              [delivery, <StateTag key="state" state={issuance.state} failure={issuance.failure} />],
              [expiresAt, moment(issuance.expires_at)],
              ...(issuance.reference === undefined ? [] : [[referenceWords().name, issuance.reference] as const]),
              [recipient.language, language[issuance.language]],
              [t.reminder, issuance.reminder ? t.yes : t.no],
              [t.images, imagesText(issuance)],
              [t.profile, profile[issuance.profile]],
            ]}
          />
          <p class="govgr-body">
            {t.wrong}{" "}
            <a class="govgr-link" href={`/photographer/issued/${issuance.upload_id}`}>
              {t.again}
            </a>
          </p>
        </div>
        <LastIssued current={issuance} />
      </div>
    </Page>
  );
}
