/* Recognises the contents of a scanned QR code. Only code numbers are used. Links are never opened. */
import { typedCode } from "../../../typed/code";
import { codeInFragment } from "../../../typed/code_in_fragment";

export type OtherKind = "wifi" | "contact" | "message" | "event" | "place" | "payment" | "certificate" | "password" | "text";
export type ScannedText =
  | { kind: "code"; code: string }
  /** A link of the service without a code number, or with a damaged code number. */
  | { kind: "damaged" }
  /** A link to another site. */
  | { kind: "link"; host: string }
  | { kind: OtherKind };
export type Finding = ScannedText | { kind: "several" };

const PREFIXES: readonly (readonly [RegExp, OtherKind])[] = [
  [/^WIFI:/i, "wifi"],
  [/^(BEGIN:VCARD|MECARD:|BIZCARD:)/i, "contact"],
  [/^(tel|sms|smsto|mms|mmsto|mailto|matmsg|sip|facetime|whatsapp|viber|tg):/i, "message"],
  [/^BEGIN:(VCALENDAR|VEVENT)/i, "event"],
  [/^geo:/i, "place"],
  // Payments: bank transfers (EPC069-12 or Swiss QR-bill), EMV merchant codes, and virtual currencies.
  [/^(BCD\r?\n|SPC\r?\n|00020[12]|(bitcoin|ethereum|litecoin|lightning):)/i, "payment"],
  [/^(HC1|SHC):/i, "certificate"],
  [/^otpauth(-migration)?:/i, "password"],
];
/** A code number at the beginning of a text. The character after it must not be a letter or digit. */
const LEADING_CODE = /^[A-Za-z0-9+/_-]{22}(?![A-Za-z0-9])/;

/** Kinds of characters that may surround the code number, if the QR code does not contain a link. */
const HARMLESS: ReadonlySet<string> = new Set(["invisible", "white_space", "punctuation"]);

/** Recognises the text of a QR code. `origin` is the service's origin. */
export function recognizeText(text: string, origin: string): ScannedText {
  const trimmed = text.replaceAll("\0", "").replace(/^[\s\ufeff<«"'(]+/u, "").trim();
  const url = webUrl(trimmed, new URL(origin).hostname);
  if (url !== undefined) return recognizeUrl(url, new URL(origin).hostname);
  const prefix = PREFIXES.find(([pattern]) => pattern.test(trimmed));
  if (prefix !== undefined) return { kind: prefix[1] };
  const code = validCode(trimmed);
  return code === undefined ? { kind: "text" } : { kind: "code", code };
}

/**
 * Returns one finding for the texts of all QR codes in an image: the code number, "several" if the image has different code numbers, or the
 * finding for the first text if the image has no code number. Returns undefined if there are no texts.
 */
export function recognizeTexts(texts: readonly string[], origin: string): Finding | undefined {
  const found = texts.map((text) => recognizeText(text, origin));
  const codes = new Set(found.flatMap((one) => (one.kind === "code" ? [one.code] : [])));
  if (codes.size > 1) return { kind: "several" };
  return found.find(({ kind }) => kind === "code") ?? found[0];
}

function recognizeUrl(url: URL, serviceHost: string): ScannedText {
  const host = withoutFinalDot(url.hostname);
  if (host !== withoutFinalDot(serviceHost)) return { kind: "link", host };
  const code = validCode(codeInFragment(url.hash.slice(1)) ?? "");
  return code === undefined ? { kind: "damaged" } : { kind: "code", code };
}

/**
 * Parses a web link. A link to the service's own host may lack the scheme. `URL` converts scheme and host to lower case and removes the
 * default port.
 */
function webUrl(text: string, serviceHost: string): URL | undefined {
  // Some programs escape the `#` that begins the fragment.
  const link = text.includes("#") ? text : text.replace(/%23/, "#");
  const isOurs = link.toLowerCase().startsWith(serviceHost) && /^[/:#.]/.test(link.slice(serviceHost.length));
  const address = isOurs ? `https://${link}` : link;
  return /^https?:/i.test(address) && URL.canParse(address) ? new URL(address) : undefined;
}

/**
 * Returns the code number at the beginning of a text. If there is none, returns the code number elsewhere in the text, but only if all
 * other characters are `HARMLESS`.
 */
function validCode(text: string): string | undefined {
  for (const candidate of [LEADING_CODE.exec(text)?.[0] ?? "", text]) {
    const code = typedCode(candidate);
    if ("value" in code && code.dropped.every((kind) => HARMLESS.has(kind))) return code.value;
  }
  return undefined;
}

const withoutFinalDot = (host: string) => host.replace(/\.$/, "");
