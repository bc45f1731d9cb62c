import { useRef } from "preact/hooks";

import { useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { words as partWords } from "../../parts/words";
import { shortDay, time } from "../../words/dates";
import { words } from "./failure_words";
import { AgainLink, DeliveryFailure, Reference, StateTag } from "./issuance_parts";
import { cachedIssuance, currentBusiness, findIssuance, listIssuances, mayChange, mayResend, type Issuance } from "./issuances";
import { newlyFailed, withCurrent } from "./last_five";
import { usePolling } from "./polling";

/** Number of code numbers that the page shows after issuing one. */
const SHOWN = 5;

/**
 * Shows the last code numbers of the business and their delivery states. Polls until no delivery state can change any more. `current` was
 * issued just now.
 */
export function LastIssued({ current }: { current: Issuance }) {
  const t = words();
  const load = useLoad(async () => (await listIssuances({ limit: SHOWN })).issuances, [currentBusiness()]);
  const shown = withCurrent(current, load.data ?? [], SHOWN).map((issuance) => cachedIssuance(issuance.upload_id) ?? issuance);
  usePolling(shown.some(mayChange), async () => {
    const { issuances } = await listIssuances({ limit: SHOWN });
    load.setData(issuances);
    // The service sorts the list by the time of the upload, not of the issue. So the first entries may not include `current`.
    if (!issuances.some(({ upload_id }) => upload_id === current.upload_id)) await findIssuance(current.upload_id);
  });
  const before = useRef<readonly Issuance[]>([]);
  const announced = useRef("");
  const failed = newlyFailed(before.current, shown);
  if (failed.length > 0) announced.current = failed.map(({ recipient }) => t.becameUndelivered(recipient.masked)).join(". ");
  before.current = shown;
  return (
    <section class="last-issued" aria-labelledby="last-issued">
      <h2 class="govgr-heading-m" id="last-issued">
        {t.last}
      </h2>
      <p class="govgr-visually-hidden" role="status">
        {announced.current}
      </p>
      <ol>
        {shown.map((issuance) => (
          <li key={issuance.upload_id} data-upload={issuance.upload_id} aria-current={issuance.upload_id === current.upload_id ? "true" : undefined}>
            <p class="last-issued-to">
              {issuance.recipient.masked} <StateTag state={issuance.state} failure={issuance.failure} />
            </p>
            <span class="issued-more">
              {shortDay(issuance.issued_at)} {time(issuance.issued_at)}
            </span>
            <Reference issuance={issuance} />
            <DeliveryFailure issuance={issuance} />
            {issuance.state === "failed" && mayResend(issuance) && <AgainLink issuance={issuance} />}
          </li>
        ))}
      </ol>
      {load.data === undefined && load.failure !== undefined && (
        <p class="govgr-body" role="status">
          {t.lastFailed}{" "}
          <Button variant="link" onClick={load.reload}>
            {partWords().retry}
          </Button>
        </p>
      )}
    </section>
  );
}
