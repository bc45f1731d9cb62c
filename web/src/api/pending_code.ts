/* A code number on its way to be submitted. One that came in the link of a QR code waits in this tab alone while the person signs in; it is never in an address that a server sees. One that was typed is only as old as the page. */
import { signal } from "@preact/signals";

import { onEnd } from "./session";

const STORAGE_KEY = "code";
/** Signing in takes minutes. Whoever comes to this tab later finds nothing. */
const LINKED_CODE_LIFETIME_MS = 30 * 60_000;

export const pendingCode = signal<string | undefined>(readStoredCode());

function readStoredCode(): string | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as { code?: unknown; at?: unknown } | null;
    if (typeof stored?.code !== "string" || typeof stored.at !== "number") return undefined;
    if (Math.abs(Date.now() - stored.at) < LINKED_CODE_LIFETIME_MS) return stored.code;
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // A browser that keeps nothing.
  }
  return undefined;
}

/** For as long as the page lives and its session lasts. */
export function setTypedCode(code: string): void {
  clearPendingCode();
  pendingCode.value = code;
}

function storeLinkedCode(code: string): void {
  pendingCode.value = code;
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ code, at: Date.now() }));
  } catch {
    // Then it lasts as long as the page.
  }
}

export function clearPendingCode(): void {
  pendingCode.value = undefined;
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // Nothing was kept.
  }
}

onEnd.push((reason) => {
  // Whoever came by a link and was too slow, or mistyped a password, signs in anew and goes on; what was typed was theirs who are gone.
  const linked = reason === "expired" ? readStoredCode() : undefined;
  if (linked === undefined) clearPendingCode();
  else pendingCode.value = linked;
});

/** Takes `#code=...` out of the address, so that neither history nor a shared screen keeps it. */
export function takeCodeFromUrl(): void {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    storeLinkedCode(code);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
