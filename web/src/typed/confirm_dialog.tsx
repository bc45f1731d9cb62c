import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { SuggestionNote } from "./notes";
import { words } from "./words";

/** Shows a recipient in large type for confirmation before anything is sent to it. */
export function ConfirmDialog({ purpose, value, onYes, onUse, onClose }: { purpose: "confirm" | "confirmLater" | "confirmReminder"; value: string; onYes: () => void; onUse: (email: string) => void; onClose: () => void }) {
  const t = words()[purpose];
  return (
    <Dialog title={t.title} onClose={onClose}>
      <p class="govgr-body">{t.text}</p>
      <p class="confirmed-value">{readable(value)}</p>
      <SuggestionNote email={value} onUse={onUse} />
      <div class="govgr-button-group">
        <Button onClick={onYes}>{t.yes}</Button>
        <Button variant="secondary" onClick={onClose}>
          {t.no}
        </Button>
      </div>
    </Dialog>
  );
}

/** Divides a mobile number into groups. Returns an email address unchanged. */
export function readable(value: string): string {
  const mobile = /^\+30(\d{3})(\d{3})(\d{4})$/.exec(value);
  return mobile === null ? value : mobile.slice(1).join(" ");
}
