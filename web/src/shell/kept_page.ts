/*
 * Handles pages of the browser's back/forward cache. When the user goes back to such a page, the page checks the session (api/session.ts),
 * and renders nothing private until the session is confirmed. WebKit shows the old content before the page renders anew. So this module
 * hides the page when the user leaves it, and shows it again after the page has rendered.
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
