/*
 * Handles pages of the browser's back/forward cache. When the user goes back to such a page, it checks the session (api/session.ts), and
 * renders nothing private until the session is confirmed. WebKit shows the stored page before the page renders anew, so the page is
 * invisible until then.
 */
export function hideKeptPages(): void {
  addEventListener("pagehide", ({ persisted }) => {
    if (persisted) setVisible(false);
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) requestAnimationFrame(() => requestAnimationFrame(() => setVisible(true)));
  });
}

function setVisible(isVisible: boolean): void {
  document.documentElement.style.visibility = isVisible ? "" : "hidden";
}
