/* Leaving: signing out, or going on in another role. What is unsent is asked about, and a failure is said. */
import { useState } from "preact/hooks";

import { signOut } from "../api/session";
import { useAction } from "../parts/action";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { FailureNote } from "../parts/failure";
import { words as parts } from "../parts/words";
import { unsent } from "./unsent";
import { words } from "./words";

/** Signs out here, then at TAXISnet, which sends the browser back. */
export function SignOut() {
  const t = words();
  const [asking, setAsking] = useState(false);
  const leave = useAction(async () => location.assign(await signOut()));
  const failed = leave.failure !== undefined;
  return (
    <>
      <button
        type="button"
        class="menu-sign-out"
        aria-busy={leave.busy}
        onClick={() => {
          if (unsent()) setAsking(true);
          else void leave.run();
        }}
      >
        {t.signOut}
      </button>
      {(asking || failed) && (
        <Dialog
          title={failed ? t.stillHereTitle : t.unsentTitle}
          onClose={() => {
            setAsking(false);
            leave.setFailure(undefined);
          }}
        >
          <FailureNote failure={leave.failure} />
          <p class="govgr-body">{failed ? t.stillHere : t.unsent}</p>
          <div class="govgr-button-group">
            <Button look="warning" busy={leave.busy} onClick={() => leave.run()}>
              {failed ? parts().retry : t.unsentLeave}
            </Button>
            <Button
              look="secondary"
              onClick={() => {
                setAsking(false);
                leave.setFailure(undefined);
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
