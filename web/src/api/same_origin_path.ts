/**
 * Returns the path if it belongs to this site, otherwise "/". Browsers read `//` and `/\` as the start of another site's URL, and they
 * ignore tabs and line breaks in URLs.
 */
export const sameOriginPath = (path: string | undefined) => (path !== undefined && /^\/(?![/\\\t\r\n])/.test(path) ? path : "/");
