/* Modules with work that would be lost on leaving the page register a check here. */
const checks: (() => boolean)[] = [];

export function registerUnsentCheck(check: () => boolean): void {
  checks.push(check);
}

export function hasUnsentWork(): boolean {
  return checks.some((check) => check());
}
