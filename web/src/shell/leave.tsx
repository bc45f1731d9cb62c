/* Signs the user out. If there is unsent work, asks first. Reports a failure. */
import { useState } from "preact/hooks";

import { signOut } from "../api/session";
import { useAction } from "../parts/action";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { FailureNote } from "../parts/failure";
import { words as parts } from "../parts/words";
import { countEntries, removeUnsent } from "../stored/session_end";
import { hasUnsentWork } from "./unsent";
import { words } from "./words";

/** Ends the session at this service and then at TAXISnet. TAXISnet redirects the browser back. */
export function SignOut() {
  const t = words();
  const [isAsking, setIsAsking] = useState(false);
  const [entries, setEntries] = useState(0);
  const leaving = useAction(async () => {
    const url = await signOut();
    // Wait until the unsent data is removed, because leaving the page would stop the removal.
    await removeUnsent();
    location.assign(url);
  });
  const ask = async () => {
    const count = await countEntries();
    setEntries(count);
    if (count > 0 || hasUnsentWork()) setIsAsking(true);
    else void leaving.run();
  };
  const hasFailed = leaving.failure !== undefined;
  return (
    <>
      <button
        type="button"
        class="menu-sign-out"
        aria-busy={leaving.busy}
        onClick={() => void ask()}
      >
        {t.signOut}
      </button>
      {(isAsking || hasFailed) && (
        <Dialog
          title={hasFailed ? t.stillHereTitle : t.unsentTitle}
          onClose={() => {
            setIsAsking(false);
            leaving.setFailure(undefined);
          }}
        >
          <FailureNote failure={leaving.failure} />
          {hasFailed && <p class="govgr-body">{t.stillHere}</p>}
          {!hasFailed && hasUnsentWork() && <p class="govgr-body">{t.unsent}</p>}
          {!hasFailed && entries > 0 && <p class="govgr-body">{t.unsentEntries(entries)}</p>}
          <div class="govgr-button-group">
            <Button variant="warning" busy={leaving.busy} onClick={() => leaving.run()}>
              {hasFailed ? parts().retry : t.unsentLeave}
            </Button>
            <Button
              variant="secondary"
              onClick={() => {
                setIsAsking(false);
                leaving.setFailure(undefined);
              }}
            >
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
