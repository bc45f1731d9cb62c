/* The session's end: said some minutes before, so that it can be kept. */
import { useEffect, useState } from "preact/hooks";

import { end, endsAt, refresh, session } from "../api/session";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { useAction } from "../parts/action";
import { FailureNote } from "../parts/failure";
import { words } from "./words";

const WARNED_BEFORE = 3 * 60_000;

export function Ending() {
  const [now, setNow] = useState(Date.now());
  const [seen, setSeen] = useState(0);
  const stay = useAction(refresh);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 5_000);
    const look = () => setNow(Date.now());
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(clock);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  const at = endsAt.value;
  const here = session.value;
  const left = at === undefined ? undefined : at - now;
  useEffect(() => {
    if (left !== undefined && left <= 0) end("expired");
  }, [left !== undefined && left <= 0]);
  if (at === undefined || here === undefined || left === undefined || left > WARNED_BEFORE || left <= 0 || seen === at) return null;
  const forGood = at >= Date.parse(here.expires_at);
  const t = words();
  return (
    <Dialog title={t.endingTitle} onClose={() => (forGood ? setSeen(at) : void stay.run())}>
      <p class="govgr-body">{t.ending(Math.ceil(left / 60_000))}</p>
      {forGood && <p class="govgr-body">{t.endingForGood}</p>}
      <FailureNote failure={stay.failure} />
      {forGood ? (
        <Button onClick={() => setSeen(at)}>{t.understood}</Button>
      ) : (
        <Button busy={stay.busy} onClick={() => stay.run()}>
          {t.stay}
        </Button>
      )}
    </Dialog>
  );
}
