/*
 * Pages that the browser keeps in memory when the user leaves, and shows again when the user goes back. The session is checked then (api/session.ts), and nothing
 * private is rendered until it is confirmed. WebKit shows a kept page before that is rendered, so the page is invisible until then.
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
