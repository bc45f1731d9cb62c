/* Saves files on the user's device. In browsers in which a download saves nothing, the user can share the file with another app instead. */
import { useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { currentClient, savingMethod, shareFile } from "./browser";
import { downloadFile } from "./file";
import { OpenElsewhere } from "./open_elsewhere";
import { words } from "./words/elsewhere";

type Saving =
  | { kind: "downloaded" }
  /** The file waits for a tap, because browsers share files only in response to a tap. */
  | { kind: "ready"; file: File; wasCancelled: boolean }
  | { kind: "handedOver" }
  | { kind: "impossible" };

/** Returns `save`, which saves a file, and `saving`, which `SavingStatus` shows. */
export function useSaving() {
  const [saving, setSaving] = useState<Saving>();
  const save = (blob: Blob, name: string) => {
    const file = new File([blob], name, { type: blob.type });
    switch (savingMethod(currentClient(), canShare(file))) {
      case "download":
        downloadFile(file, name);
        return setSaving({ kind: "downloaded" });
      case "share":
        return setSaving({ kind: "ready", file, wasCancelled: false });
      case "impossible":
        return setSaving({ kind: "impossible" });
    }
  };
  const share = async (file: File) => {
    const result = await shareFile(file, (data) => navigator.share(data));
    setSaving(result === "cancelled" ? { kind: "ready", file, wasCancelled: true } : { kind: result });
  };
  return { saving, save, share, clear: () => setSaving(undefined) };
}

/** Says whether the file was saved. `downloaded` is the text for a finished download. */
export function SavingStatus({ saving, share, downloaded }: Pick<ReturnType<typeof useSaving>, "saving" | "share"> & { downloaded: string }) {
  const t = words();
  const kind = saving?.kind;
  return (
    <>
      <p class="govgr-hint" role="status" data-saving={kind}>
        {saving?.kind === "downloaded" && downloaded}
        {saving?.kind === "ready" && (saving.wasCancelled ? t.notSaved : t.ready)}
        {saving?.kind === "handedOver" && t.handedOver}
        {saving?.kind === "impossible" && t.impossible}
      </p>
      {saving?.kind === "ready" && <Button onClick={() => share(saving.file)}>{t.save}</Button>}
      {saving?.kind === "impossible" && <OpenElsewhere />}
    </>
  );
}

function canShare(file: File): boolean {
  const { canShare } = navigator as { canShare?: (data: ShareData) => boolean };
  return canShare?.call(navigator, { files: [file] }) === true;
}
