/*
 * A code number that is not submitted yet. The link of a QR code contains the code in its fragment, which browsers never send to a server.
 * The code of a link is stored in this tab's sessionStorage while the person signs in. A typed code is only in memory.
 */
import { signal } from "@preact/signals";

import { codeInFragment } from "../typed/code_in_fragment";
import { deviceTime } from "../words/clock";
import { onEnd } from "./session";

const STORAGE_KEY = "code";
/** Signing in takes minutes. After half an hour the stored code is ignored, so that the next user of this tab does not find it. */
const LINKED_CODE_LIFETIME_MS = 30 * 60_000;

export const pendingCode = signal<string | undefined>(readStoredCode());

function readStoredCode(): string | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as { code?: unknown; at?: unknown } | null;
    if (typeof stored?.code !== "string" || typeof stored.at !== "number") return undefined;
    if (Math.abs(deviceTime() - stored.at) < LINKED_CODE_LIFETIME_MS) return stored.code;
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // The browser blocks storage.
  }
  return undefined;
}

/** Stores a typed code in memory until the page is closed or the session ends. */
export function setTypedCode(code: string): void {
  clearPendingCode();
  pendingCode.value = code;
}

function storeLinkedCode(code: string): void {
  pendingCode.value = code;
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ code, at: deviceTime() }));
  } catch {
    // The browser blocks storage, so the code is lost when the page is closed.
  }
}

export function clearPendingCode(): void {
  pendingCode.value = undefined;
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // The browser blocks storage, so nothing was stored.
  }
}

onEnd.push((reason) => {
  // A code from a link survives an expired session, because its owner signs in again and continues. A typed code is cleared, because the
  // next person at this device may be someone else.
  const linked = reason === "expired" ? readStoredCode() : undefined;
  if (linked === undefined) clearPendingCode();
  else pendingCode.value = linked;
});

/** Moves `#code=...` from the URL into this module, so that the code appears neither in the browser's history nor on a shared screen. */
export function takeCodeFromUrl(): void {
  const code = codeInFragment(location.hash.slice(1));
  if (code !== undefined) {
    storeLinkedCode(code);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
