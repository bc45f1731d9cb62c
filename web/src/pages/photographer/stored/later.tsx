/* Buttons for work without the network: continue without the service's check, and put the finished draft into the queue. */
import { useState } from "preact/hooks";

import { Button } from "../../../parts/button";
import { Notice } from "../../../parts/notice";
import { useSteps } from "../step";
import { addDraft, ENTRIES_MAX, NotAdded, sendsLater } from "./queue";
import { words } from "./words";

/** A button that opens the next step, the recipient, although the pictures could not be uploaded. */
export function GoOnWithoutCheck() {
  const t = words().later;
  const { go } = useSteps();
  return (
    <>
      <p class="govgr-body">{t.offer}</p>
      <Button
        variant="secondary"
        onClick={() => {
          sendsLater.value = true;
          go("recipient");
        }}
      >
        {t.goOn}
      </Button>
    </>
  );
}

/**
 * Returns `keep`, which adds the draft to the queue and begins with the next customer, and `busy`, which is true while `keep` runs. If
 * adding failed, `failure` is a notice with the reason.
 */
export function useKeepForLater() {
  const t = words().later;
  const { go } = useSteps();
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<NotAdded["reason"]>();
  const keep = async () => {
    setBusy(true);
    setReason(undefined);
    try {
      await addDraft();
      go("pictures", { replace: true });
    } catch (error) {
      if (!(error instanceof NotAdded)) console.error(error);
      setReason(error instanceof NotAdded ? error.reason : "not_stored");
    } finally {
      setBusy(false);
    }
  };
  const failure =
    reason === undefined ? null : (
      <Notice kind="warning" live>
        <p>{reason === "full" ? t.full(ENTRIES_MAX) : t.notStored}</p>
      </Notice>
    );
  return { keep, busy, failure };
}
