/** The query parameters with which an app begins a sign-in (docs/mobile.md). */
const QUERY_PARAMETERS = ["redirect_uri", "code_challenge", "code_challenge_method", "state"];
const REDIRECT_URI_LENGTH_MAX = 200;
/** A domain name reversed, such as gr.gov.myphoto: schemes without a dot may be the browser's own. */
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

export type AppSignIn = {
  /** What the redirect URI tells of the app: a host name, a scheme, or a host and port of this computer. */
  app: string;
  onThisComputer: boolean;
  /** Where the sign-in begins. */
  url: string;
};

/** Reads the sign-in that an app asks for from the page's query. Undefined where the redirect URI is of no kind that apps may use; whether it is listed, only the service knows. */
export function appSignIn(query: Readonly<Record<string, string>>): AppSignIn | undefined {
  const redirect = query.redirect_uri ?? "";
  if (redirect.length > REDIRECT_URI_LENGTH_MAX || !URL.canParse(redirect)) return undefined;
  const { protocol, hostname, host } = new URL(redirect);
  const onThisComputer = protocol === "http:" && ["127.0.0.1", "[::1]"].includes(hostname);
  const isPrivateUse = PRIVATE_USE_SCHEME.test(protocol);
  if (!onThisComputer && !isPrivateUse && protocol !== "https:") return undefined;
  const parameters = new URLSearchParams(QUERY_PARAMETERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));
  return { app: isPrivateUse ? protocol.slice(0, -1) : host, onThisComputer, url: `/v1/sign-in?${parameters.toString()}` };
}
