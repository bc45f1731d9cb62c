/*
 * The photographer's own reference for a customer, such as an order number or initials. The rules are the same as in
 * shared/domain/src/reference.rs.
 */
import { isInvisible, isSpace, toAscii } from "../../typed/characters";

/** Maximum number of characters. */
export const REFERENCE_MAX = 40;

const isBlank = (c: string) => isSpace(c) || toAscii(c) === " ";

/** Returns the reference as the service stores it: without invisible characters, with single spaces between words. May be empty. */
export function readReference(typed: string): string {
  const visible = Array.from(typed).filter((c) => !isInvisible(c));
  const words = visible.map((c) => (isBlank(c) ? " " : c)).join("").split(" ");
  return words.filter((word) => word !== "").join(" ").normalize("NFC");
}

/** Returns the length of the reference in characters. A letter with its accent counts as one character. */
export const referenceLength = (typed: string): number => Array.from(readReference(typed)).length;
