/*
 * Pages that the browser keeps in memory when the user leaves, and shows again when the user goes back. Meanwhile the session may have ended, or somebody else may use
 * the browser. So a kept page stays invisible until the service has confirmed the session.
 */
import { ConnectionError, ProblemError } from "../api/client";
import { refreshSession, sessionState } from "../api/session";

export function hideKeptPages(): void {
  addEventListener("pagehide", ({ persisted }) => {
    if (persisted) setVisible(false);
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) void checkSession();
  });
}

async function checkSession(): Promise<void> {
  try {
    await refreshSession();
  } catch (failure) {
    if (failure instanceof ProblemError || failure instanceof ConnectionError) sessionState.value = { kind: "unreachable", failure };
    else return location.reload();
  }
  // Preact has not rendered the new state yet.
  requestAnimationFrame(() => requestAnimationFrame(() => setVisible(true)));
}

function setVisible(isVisible: boolean): void {
  document.documentElement.style.visibility = isVisible ? "" : "hidden";
}
