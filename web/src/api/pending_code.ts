/* A code number on its way to be submitted. One that came in the link of a QR code waits in this tab alone while the person signs in; it is never in an address that a server sees. One that was typed is only as old as the page. */
import { signal } from "@preact/signals";

import { onEnd } from "./session";

const KEPT = "code";
/** Signing in takes minutes. Whoever comes to this tab later finds nothing. */
const FOR = 30 * 60_000;

export const pendingCode = signal<string | undefined>(read());

function read(): string | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as { code?: unknown; at?: unknown } | null;
    if (typeof kept?.code !== "string" || typeof kept.at !== "number") return undefined;
    if (Math.abs(Date.now() - kept.at) < FOR) return kept.code;
    sessionStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing.
  }
  return undefined;
}

/** For as long as the page lives and its session lasts. */
export function keepTyped(code: string): void {
  forgetCode();
  pendingCode.value = code;
}

function keepLinked(code: string): void {
  pendingCode.value = code;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ code, at: Date.now() }));
  } catch {
    // Then it lasts as long as the page.
  }
}

export function forgetCode(): void {
  pendingCode.value = undefined;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing was kept.
  }
}

onEnd.push((why) => {
  // Whoever came by a link and was too slow, or mistyped a password, signs in anew and goes on; what was typed was theirs who are gone.
  const linked = why === "expired" ? read() : undefined;
  if (linked === undefined) forgetCode();
  else pendingCode.value = linked;
});

/** Takes `#code=...` out of the address, so that neither history nor a shared screen keeps it. */
export function takeCodeFromAddress(): void {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    keepLinked(code);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
