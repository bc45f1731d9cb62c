/* The service worker does one thing: where a page cannot be loaded it shows offline.html. It keeps nothing of anybody. */
type TrustedTypes = { createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => { createScriptURL: (url: string) => string } };

export function registerOfflinePage(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const address = trustedTypes?.createPolicy("myphoto", { createScriptURL: () => "/sw.js" }).createScriptURL("/sw.js") ?? "/sw.js";
  addEventListener("load", () => {
    navigator.serviceWorker.register(address).catch(() => {
      // Without it the browser shows its own page.
    });
  });
}
