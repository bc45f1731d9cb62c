/* URLs of scripts that the page starts: the service worker and workers. The Content-Security-Policy requires Trusted Types for them. */
type Policy = { createScriptURL: (url: string) => string };
type TrustedTypes = { createPolicy: (name: string, rules: Policy) => Policy };

let policy: Policy | undefined;

/** Returns the URL in the form that the browser requires for scripts. Throws unless it is a path of our own origin. */
export function trustedScriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  // A policy can be created only once.
  policy ??= trustedTypes?.createPolicy("myphoto", { createScriptURL: ownPath }) ?? { createScriptURL: ownPath };
  return policy.createScriptURL(url);
}

function ownPath(url: string): string {
  if (new URL(url, location.origin).origin !== location.origin) throw new TypeError("a script of another origin");
  return url;
}
