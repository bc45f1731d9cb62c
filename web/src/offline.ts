/* Registers the service worker (public/sw.js), which shows offline.html when a page cannot be loaded. It caches no personal data. */
import { trustedScriptUrl } from "./trusted_script";

export function registerOfflinePage(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  addEventListener("load", () => {
    navigator.serviceWorker.register(trustedScriptUrl("/sw.js")).catch(() => {
      // Without the service worker the browser shows its own error page.
    });
  });
}
