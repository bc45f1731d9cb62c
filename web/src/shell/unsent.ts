/* Work that would be lost by leaving: each place that has such says so here. */
const checks: (() => boolean)[] = [];

export function registerUnsentCheck(check: () => boolean): void {
  checks.push(check);
}

export function hasUnsentWork(): boolean {
  return checks.some((check) => check());
}
