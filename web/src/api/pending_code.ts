/* A code number that came in the link of a QR code. It waits here, in this tab alone, while the person signs in; it is never in an address that a server sees. */
import { signal } from "@preact/signals";

import { onEnd } from "./session";

const KEPT = "code";

export const pendingCode = signal<string | undefined>(read());

function read(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepCode(code: string): void {
  pendingCode.value = code;
  try {
    sessionStorage.setItem(KEPT, code);
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

onEnd.push(forgetCode);

/** Takes `#code=...` out of the address, so that neither history nor a shared screen keeps it. */
export function takeCodeFromAddress(): void {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    keepCode(code);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
