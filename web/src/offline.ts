/* Registers the service worker (public/sw.js), which shows offline.html when a page cannot be loaded. It caches no personal data. */
type TrustedTypes = { createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => { createScriptURL: (url: string) => string } };

export function registerOfflinePage(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const address = trustedTypes?.createPolicy("myphoto", { createScriptURL: () => "/sw.js" }).createScriptURL("/sw.js") ?? "/sw.js";
  addEventListener("load", () => {
    navigator.serviceWorker.register(address).catch(() => {
      // Without the service worker the browser shows its own error page.
    });
  });
}
