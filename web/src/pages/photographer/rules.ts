/* Rules of the service for numbers and addresses, checked here while the user types. The service checks them again. */

/** Returns whether the text is 9 digits, the last of which is a valid check digit. */
export function isAfm(text: string): boolean {
  if (!/^\d{9}$/.test(text) || /^0+$/.test(text)) return false;
  const digits = Array.from(text, Number);
  const sum = digits.slice(0, 8).reduce((sum, digit, at) => sum + digit * 2 ** (8 - at), 0);
  return (sum % 11) % 10 === digits[8];
}

export function stripWhitespace(text: string): string {
  return text.replace(/\s/g, "");
}

/** Returns whether the text is a Greek mobile number, with or without +30 or 0030. Spaces, dots, hyphens and brackets are ignored. */
export function isGreekMobile(text: string): boolean {
  return /^(\+30|0030)?69\d{8}$/.test(text.replace(/[\s\-.()]/g, ""));
}

/** Returns whether the text is a common email address. Quoted local parts, address literals and comments are rejected. */
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
