import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { endCase, getsMessage, loadCase, type Case } from "../../api/case";
import { api, responseData } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Loading } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { ActList } from "../citizen/acts";
import { words } from "./words";

/** A button that closes the case after a confirmation. The dialog lists the clerk's actions. */
export function CloseButton({ current, variant = "secondary", children }: { current: Case; variant?: "primary" | "secondary"; children: ComponentChildren }) {
  const t = words().close;
  const [isAsking, setIsAsking] = useState(false);
  // Loads the case again, because the person's pages do not update its list of actions.
  const reload = useAction(loadCase);
  const close = useAction(async () => {
    await responseData(api.DELETE("/v1/kep/cases/{case}", { params: { path: { case: current.handle } } }));
    endCase("closed");
  });
  return (
    <>
      <Button variant={variant} onClick={() => {
          setIsAsking(true);
          void reload.run();
        }}>
        {children}
      </Button>
      {isAsking && (
        <Dialog title={t.title} onClose={() => setIsAsking(false)}>
          <h3 class="govgr-heading-s">{t.done}</h3>
          {reload.busy ? <Loading /> : <ActList acts={current.done} />}
          <p class="govgr-body">{getsMessage(current) ? t.message : t.noMessage}</p>
          <FailureNote failure={close.failure} />
          <div class="govgr-button-group">
            <Button variant="warning" busy={close.busy} onClick={() => close.run()}>
              {t.confirm}
            </Button>
            <Button variant="secondary" onClick={() => setIsAsking(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
