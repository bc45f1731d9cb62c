/**
 * Returns the code number in the fragment of one of the service's links. The code may be malformed. Ignores the case of `code`, because
 * some programs write links in capital letters.
 */
export function codeInFragment(fragment: string): string | undefined {
  // URLSearchParams would read a plus sign, which older codes have, as a blank.
  for (const [name, value] of new URLSearchParams(fragment.replaceAll("+", "%2B"))) {
    if (name.toLowerCase() === "code") return value;
  }
  return undefined;
}
