/* Reads a code number while it is typed, pasted or scanned. */
import { CODE_LENGTH, typedCode } from "../../typed/code";

export { CODE_LENGTH };

export type Fault = "short" | "long" | "character" | "greek" | "last_character" | "several";

/** Returns the fault of a typed text, or undefined if it has one code number. `short` is not an error while the user still types. */
export function faultOf(code: ReturnType<typeof typedCode>): Fault | undefined {
  if (!("fault" in code)) return undefined;
  if (code.fault === "length") return code.length < CODE_LENGTH ? "short" : "long";
  return code.fault === "greek_letter" ? "greek" : code.fault;
}

/** Returns the code number in a scanned QR code: a bare code, or a link of the service at `origin`. Links of other sites are ignored. */
export function codeFromScan(text: string, origin: string): string | undefined {
  const trimmed = text.trim();
  const code = typedCode(trimmed);
  if (!("value" in code)) return undefined;
  const isBare = code.dropped.every((kind) => kind === "white_space");
  return isBare || originOf(trimmed) === origin ? code.value : undefined;
}

/** Returns the origin of a URL. The scheme and the host of a URL may be in capitals. */
function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
