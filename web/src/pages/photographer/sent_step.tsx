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
  const one = first === undefined ? undefined : (cachedIssuance(first.upload_id) ?? first);
  usePolling(one?.state === "queued", async () => {
    if (one !== undefined) await findIssuance(one.upload_id);
  });
  if (one === undefined) return null;
  return (
    <Page title={t.title}>
      <div role="status">
        <Notice kind={one.state === "failed" ? "warning" : "success"}>
          <p>{one.state === "queued" ? t.to(one.recipient.masked) : stateHint[one.state]}</p>
        </Notice>
      </div>
      <Summary
        rows={[
          [to, one.recipient.masked],
          [delivery, <StateTag key="state" state={one.state} />],
          [expiresAt, moment(one.expires_at)],
          [recipient.language, language[one.language]],
          [t.reminder, one.reminder ? t.yes : t.no],
          [t.images, imagesText(one)],
          [t.profile, profile[one.profile]],
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
        <a class="govgr-link" href={`/photographer/issued/${one.upload_id}`}>
          {t.again}
        </a>
      </p>
    </Page>
  );
}
