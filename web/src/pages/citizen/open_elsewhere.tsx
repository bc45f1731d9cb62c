import { useId, useRef, useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { urlForOtherBrowser } from "./browser";
import { words } from "./words/elsewhere";

/** The URL of this page, with a button that copies it for another browser. */
export function OpenElsewhere() {
  const t = words();
  const id = useId();
  const address = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState<boolean>();
  return (
    <div class="elsewhere">
      <label class="govgr-label" for={id}>
        {t.address}
      </label>
      <input ref={address} class="govgr-input" id={id} readOnly value={urlForOtherBrowser(location)} onFocus={(event) => event.currentTarget.select()} />
      <Button variant="secondary" onClick={async () => setCopied(address.current !== null && (await copyText(address.current)))}>
        {t.copy}
      </Button>
      <p class="govgr-hint" role="status">
        {isCopied === undefined ? "" : isCopied ? t.copied : t.notCopied}
      </p>
    </div>
  );
}

/** Copies the text of an input. Returns whether that worked. */
async function copyText(input: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    // Pages inside apps often have no clipboard, but the browser can copy a selected text.
    input.focus();
    input.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way where there is no clipboard
    return document.execCommand("copy");
  }
}
