/* Pictures that are pasted from the clipboard. */
import { useEffect, useRef } from "preact/hooks";

import { KINDS, type Kind } from "./picture/profiles";

/** The files that the user pasted, such as a copied picture. If the clipboard has no files, `none` tells whether it contains text. */
export type Pasted = { readonly files: readonly File[] } | { readonly none: "text" | "empty" };

/**
 * Returns the files of the clipboard. If there are files, text is ignored, because a browser that copies a picture from a page also copies
 * its HTML.
 */
export function readClipboard(data: Pick<DataTransfer, "files" | "types"> | null): Pasted {
  const files = Array.from(data?.files ?? []);
  if (files.length > 0) return { files };
  return { none: data?.types.some((type) => type.startsWith("text/")) === true ? "text" : "empty" };
}

/**
 * Returns the slot for a pasted picture: the slot that has the focus, otherwise the first empty slot. Returns undefined if both slots have
 * a picture, because then it is unknown which picture to replace.
 */
export function slotFor(focused: Kind | undefined, filled: readonly Kind[]): Kind | undefined {
  return focused ?? KINDS.find((kind) => !filled.includes(kind));
}

const EDITABLE = "input:not([type=radio]):not([type=checkbox]):not([type=button]), textarea, [contenteditable]";

/**
 * Calls the handler when the user pastes something on the page. Does nothing while a dialog is open, or if the user pastes text into a
 * field.
 */
export function usePaste(onPaste: (pasted: Pasted) => void): void {
  const latest = useRef(onPaste);
  latest.current = onPaste;
  useEffect(() => {
    const handle = (event: ClipboardEvent) => {
      const pasted = readClipboard(event.clipboardData);
      const isForField = "none" in pasted && document.activeElement?.matches(EDITABLE) === true;
      if (isForField || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      latest.current(pasted);
    };
    document.addEventListener("paste", handle);
    return () => document.removeEventListener("paste", handle);
  }, []);
}

/** Returns the slot that contains the focus. */
export function focusedSlot(): Kind | undefined {
  const slot = document.activeElement?.closest("[data-slot]")?.getAttribute("data-slot");
  return KINDS.find((kind) => kind === slot);
}
