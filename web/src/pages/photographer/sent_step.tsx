import { Button, ButtonLink } from "../../parts/button";
import { Notice, Summary } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment } from "../../words/dates";
import { issued, nextCustomer } from "./draft";
import { StateTag, imagesText } from "./issuance_parts";
import { findIssuance, cachedIssuance, usePolling } from "./issuances";
import { words } from "./new_words";
import { useSteps } from "./step";
import { words as common } from "./words";

/** The page after the last step: shows the delivery and starts the next customer. */
export function SentStep() {
  const t = words().done;
  const { to, profile, language, expiresAt, delivery, recipient, stateHint } = common();
  const { go } = useSteps();
  const first = issued.value;
  const issuance = first === undefined ? undefined : (cachedIssuance(first.upload_id) ?? first);
  usePolling(issuance?.state === "queued", async () => {
    if (issuance !== undefined) await findIssuance(issuance.upload_id);
  });
  if (issuance === undefined) return null;
  return (
    <Page title={t.title}>
      <div role="status">
        <Notice kind={issuance.state === "failed" ? "warning" : "success"}>
          <p>{issuance.state === "queued" ? t.to(issuance.recipient.masked) : stateHint[issuance.state]}</p>
        </Notice>
      </div>
      <Summary
        rows={[
          [to, issuance.recipient.masked],
          [delivery, <StateTag key="state" state={issuance.state} />],
          [expiresAt, moment(issuance.expires_at)],
          [recipient.language, language[issuance.language]],
          [t.reminder, issuance.reminder ? t.yes : t.no],
          [t.images, imagesText(issuance)],
          [t.profile, profile[issuance.profile]],
        ]}
      />
      <div class="govgr-button-group">
        <Button
          onClick={() => {
            nextCustomer();
            go("pictures", { replace: true });
          }}
        >
          {t.next}
        </Button>
        <ButtonLink variant="secondary" href="/photographer">
          {t.list}
        </ButtonLink>
      </div>
      <p class="govgr-body">
        {t.wrong}{" "}
        <a class="govgr-link" href={`/photographer/issued/${issuance.upload_id}`}>
          {t.again}
        </a>
      </p>
    </Page>
  );
}
