/* Decodes links that a mail filter has rewritten. The rules are the same as in shared/domain/src/typed/link.rs. */

/**
 * Maximum number of times that a link is decoded. Each mail filter encodes the link once more, and no link passes through more filters than
 * this.
 */
const DECODINGS_MAX = 5;
/** Base64 of `http`. A link that a filter has encoded in base64 contains this text. */
const HTTP_IN_BASE64 = "aHR0c";

/**
 * Returns all forms of a link: the link itself, and the result of removing each encoding in turn. The encodings are percent-encoding
 * (SafeLinks and most filters), the encoding of Proofpoint's version 2, and base64.
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
      // The text looks like base64 but is not.
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

/** Decodes `%XX` if it encodes a printable ASCII character. Does not decode the result again, so `%2540` becomes `%40`. */
export function percentDecode(text: string): string {
  return text.replace(/%([2-6][0-9A-Fa-f]|7[0-9A-Ea-e])/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
