/* Signing out. Asks first if there is unsent work, and reports a failure. */
import { useState } from "preact/hooks";

import { signOut } from "../api/session";
import { useAction } from "../parts/action";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { FailureNote } from "../parts/failure";
import { words as parts } from "../parts/words";
import { hasUnsentWork } from "./unsent";
import { words } from "./words";

/** Ends the session here and then at TAXISnet, which sends the browser back. */
export function SignOut() {
  const t = words();
  const [isAsking, setIsAsking] = useState(false);
  const leaving = useAction(async () => location.assign(await signOut()));
  const hasFailed = leaving.failure !== undefined;
  return (
    <>
      <button
        type="button"
        class="menu-sign-out"
        aria-busy={leaving.busy}
        onClick={() => {
          if (hasUnsentWork()) setIsAsking(true);
          else void leaving.run();
        }}
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
          <p class="govgr-body">{hasFailed ? t.stillHere : t.unsent}</p>
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
