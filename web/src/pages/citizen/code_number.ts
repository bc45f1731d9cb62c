/* Reads a code number while it is typed, pasted or scanned. */
import { CODE_LENGTH, typedCode } from "../../typed/code";

export { CODE_LENGTH };

export type Fault = "short" | "long" | "character" | "greek" | "last_character" | "several";

/**
 * Returns the fault of a typed text, or undefined if the text contains one code number. `short` is not an error while the user still types.
 */
export function faultOf(code: ReturnType<typeof typedCode>): Fault | undefined {
  if (!("fault" in code)) return undefined;
  if (code.fault === "length") return code.length < CODE_LENGTH ? "short" : "long";
  return code.fault === "greek_letter" ? "greek" : code.fault;
}
