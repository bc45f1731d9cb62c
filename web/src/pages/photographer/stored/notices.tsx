/* Notices about the draft, and about entries of the queue that were removed because a session ended. */
import { Button } from "../../../parts/button";
import { focusAfterRender } from "../../../parts/focus";
import { Notice } from "../../../parts/notice";
import { forgetRemovedEntries, removedEntries } from "../../../stored/session_end";
import { useSteps } from "../step";
import { discardDraft, draftNotice } from "./draft_storage";
import { words } from "./words";

const focusHeading = () => focusAfterRender(() => document.querySelector("main h1"));

export function DraftNotice() {
  const t = words().draft;
  const { go } = useSteps();
  if (draftNotice.value === undefined) return null;
  if (draftNotice.value === "not_stored") {
    return (
      <Notice key="not_stored" kind="warning" live>
        <p>{t.notStored}</p>
      </Notice>
    );
  }
  return (
    <Notice key="restored" live>
      <p>{t.restored}</p>
      <Button
        variant="secondary"
        onClick={() => {
          discardDraft();
          go("pictures", { replace: true });
          focusHeading();
        }}
      >
        {t.discard}
      </Button>
    </Notice>
  );
}

/** Says how many entries of the queue were removed. Nothing else is known about these entries. */
export function RemovedNotice() {
  const t = words();
  if (removedEntries.value === 0) return null;
  return (
    <Notice kind="warning" live>
      <p>{t.removed(removedEntries.value)}</p>
      <Button
        variant="secondary"
        onClick={() => {
          forgetRemovedEntries();
          focusHeading();
        }}
      >
        {t.understood}
      </Button>
    </Notice>
  );
}
