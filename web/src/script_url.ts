/*
 * Creates the script URLs of workers and of the service worker. Trusted Types allow such URLs only from the policy `myphoto`, which can be
 * created only once.
 */
type ScriptPolicy = { createScriptURL: (url: string) => string };
type TrustedTypes = { createPolicy: (name: string, rules: ScriptPolicy) => ScriptPolicy };

let policy: ScriptPolicy | undefined;

/** Returns the URL of the service worker or of a worker of this build. Throws for every other URL. */
export function scriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy("myphoto", { createScriptURL: checked }) ?? { createScriptURL: checked };
  return policy.createScriptURL(url);
}

function checked(url: string): string {
  const { origin, pathname } = new URL(url, location.origin);
  const isOurs = origin === location.origin && (pathname === "/sw.js" || pathname.startsWith("/assets/") || import.meta.env.DEV);
  if (!isOurs) throw new TypeError("not a script of this application");
  return url;
}
