/** The query parameters with which an app starts a sign-in (docs/mobile.md). */
const QUERY_PARAMETERS = ["redirect_uri", "code_challenge", "code_challenge_method", "state"];
const LANGUAGES = ["el", "en"];
const REDIRECT_URI_LENGTH_MAX = 200;
/**
 * A private-use URI scheme (RFC 8252): a domain name in reverse order, such as gr.gov.myphoto. Schemes without a dot are rejected, because
 * some of them belong to browsers.
 */
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

export type AppSignIn = {
  /** The part of the redirect URI that identifies the app: a host name, a private-use scheme, or a host and port on this computer. */
  app: string;
  onThisComputer: boolean;
  /** The service's URL that starts the sign-in. */
  url: string;
};

/**
 * Reads an app's sign-in request from the page's query. Returns undefined if the kind of redirect URI is forbidden for apps. Only the
 * service knows whether the URI is registered. `pageLanguage` is the language of the SMS if the app has not chosen one.
 */
export function appSignIn(query: Readonly<Record<string, string>>, pageLanguage: string): AppSignIn | undefined {
  const redirect = query.redirect_uri ?? "";
  if (redirect.length > REDIRECT_URI_LENGTH_MAX || !URL.canParse(redirect)) return undefined;
  const { protocol, hostname, host } = new URL(redirect);
  const onThisComputer = protocol === "http:" && ["127.0.0.1", "[::1]"].includes(hostname);
  const isPrivateUse = PRIVATE_USE_SCHEME.test(protocol);
  if (!onThisComputer && !isPrivateUse && protocol !== "https:") return undefined;
  const parameters = new URLSearchParams(QUERY_PARAMETERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));
  parameters.set("language", LANGUAGES.find((known) => known === query.language) ?? pageLanguage);
  return { app: isPrivateUse ? protocol.slice(0, -1) : host, onThisComputer, url: `/v1/sign-in?${parameters.toString()}` };
}
