/* Work that would be lost by leaving: each place that has such says so here. */
const places: (() => boolean)[] = [];

export function mayHaveUnsent(has: () => boolean): void {
  places.push(has);
}

export function unsent(): boolean {
  return places.some((has) => has());
}
