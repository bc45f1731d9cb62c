/* Rules of numbers and addresses, as the service has them: told while the person is still at the field. The service decides. */

/** 9 digits, the last of them a check digit. */
export function isAfm(text: string): boolean {
  if (!/^\d{9}$/.test(text) || /^0+$/.test(text)) return false;
  const digits = Array.from(text, Number);
  const sum = digits.slice(0, 8).reduce((sum, digit, at) => sum + digit * 2 ** (8 - at), 0);
  return (sum % 11) % 10 === digits[8];
}

/** Blanks between the digits are dropped. */
export function stripWhitespace(text: string): string {
  return text.replace(/\s/g, "");
}

/** A Greek mobile, with or without +30 or 0030; spaces, dots, hyphens and brackets are dropped. */
export function isGreekMobile(text: string): boolean {
  return /^(\+30|0030)?69\d{8}$/.test(text.replace(/[\s\-.()]/g, ""));
}

/** As people have them: no quoted local parts, no address literals, no comments. */
export function isEmail(text: string): boolean {
  const address = text.trim();
  const at = address.lastIndexOf("@");
  if (at < 1 || address.length > 254) return false;
  const [local, labels] = [address.slice(0, at), address.slice(at + 1).split(".")];
  return (
    local.length <= 64 &&
    local.split(".").every((atom) => /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+$/.test(atom)) &&
    labels.length >= 2 &&
    labels.every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label)) &&
    /^(?=.*[A-Za-z]).{2,}$/.test(labels.at(-1) ?? "")
  );
}
