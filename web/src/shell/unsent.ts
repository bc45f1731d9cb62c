/* Checks for unsent work. A module whose work would be lost when the user leaves the page registers its check here. */
const checks: (() => boolean)[] = [];

export function registerUnsentCheck(check: () => boolean): void {
  checks.push(check);
}

export function hasUnsentWork(): boolean {
  return checks.some((check) => check());
}
