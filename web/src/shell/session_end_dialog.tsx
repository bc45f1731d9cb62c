/* The dialog that opens shortly before the session ends, with a button that extends the session. */
import { useEffect, useState } from "preact/hooks";

import { endSession, endsAt, absoluteEnd, refreshSession, session } from "../api/session";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { useAction } from "../parts/action";
import { FailureNote } from "../parts/failure";
import { now } from "../words/clock";
import { words } from "./words";

const WARNING_BEFORE_END_MS = 3 * 60_000;

export function SessionEndDialog() {
  const [, setTick] = useState(0);
  const [dismissedEnd, setDismissedEnd] = useState(0);
  const stay = useAction(refreshSession);
  useEffect(() => {
    const update = () => setTick((tick) => tick + 1);
    const clock = setInterval(update, 5_000);
    document.addEventListener("visibilitychange", update);
    return () => {
      clearInterval(clock);
      document.removeEventListener("visibilitychange", update);
    };
  }, []);
  const endTime = endsAt.value;
  const current = session.value;
  const remaining = endTime === undefined ? undefined : endTime - now();
  useEffect(() => {
    if (remaining !== undefined && remaining <= 0) endSession("expired");
  }, [remaining !== undefined && remaining <= 0]);
  if (endTime === undefined || current === undefined || remaining === undefined || remaining > WARNING_BEFORE_END_MS || remaining <= 0 || dismissedEnd === endTime) return null;
  const isFinal = endTime >= absoluteEnd(current);
  const t = words();
  return (
    <Dialog title={t.endingTitle} onClose={() => (isFinal ? setDismissedEnd(endTime) : void stay.run())}>
      <p class="govgr-body">{t.ending(Math.ceil(remaining / 60_000))}</p>
      {isFinal && <p class="govgr-body">{t.endingForGood}</p>}
      <FailureNote failure={stay.failure} />
      {isFinal ? (
        <Button onClick={() => setDismissedEnd(endTime)}>{t.understood}</Button>
      ) : (
        <Button busy={stay.busy} onClick={() => stay.run()}>
          {t.stay}
        </Button>
      )}
    </Dialog>
  );
}
