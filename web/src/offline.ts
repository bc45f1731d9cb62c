/* Registers the service worker (public/sw.js), which shows offline.html when a page cannot be loaded. It caches no personal data. */
import { scriptUrl } from "./script_url";

export function registerOfflinePage(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const url = scriptUrl("/sw.js");
  addEventListener("load", () => {
    navigator.serviceWorker.register(url).catch(() => {
      // Without the service worker the browser shows its own error page.
    });
  });
}
