/* The readable forms of a link, including links that a mail filter has rewritten. The same rules as in shared/domain/src/typed/link.rs. */

/** A filter encodes the link once, and a second filter encodes it again. More rounds do not occur. */
const DECODINGS_MAX = 5;
/** Base64 of `http`, with which the original link begins in a link of filters that encode it so. */
const HTTP_IN_BASE64 = "aHR0c";

/**
 * Returns the link as it is and as its encodings are undone, one after the other: percent-encoding (SafeLinks and most filters), the encoding
 * of Proofpoint's version 2, and base64.
 */
export function readableForms(link: string): string[] {
  const isProofpoint2 = link.toLowerCase().includes("urldefense") && link.includes("/v2/");
  // Proofpoint's version 2 writes `-` for `%` and `_` for `/`.
  const forms = decodings(isProofpoint2 ? link.replace(/-/g, "%").replace(/_/g, "/") : link);
  const start = link.indexOf(HTTP_IN_BASE64);
  if (start >= 0) {
    const run = /^[A-Za-z0-9+/_-]*/.exec(link.slice(start))?.[0] ?? "";
    try {
      forms.push(...decodings(atob(run.replace(/-/g, "+").replace(/_/g, "/"))));
    } catch {
      // It only looks like base64.
    }
  }
  return forms;
}

function decodings(link: string): string[] {
  const forms = [link];
  for (let round = 0; round < DECODINGS_MAX; round += 1) {
    const last = forms.at(-1) ?? "";
    const decoded = percentDecode(last);
    if (decoded === last) break;
    forms.push(decoded);
  }
  return forms;
}

/** Decodes `%XX` of ASCII characters, once. */
export function percentDecode(text: string): string {
  return text.replace(/%([2-6][0-9A-Fa-f]|7[0-9A-Ea-e])/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
