/* Loads a list whose pages may be shorter than requested. */

type ListPage<T> = { readonly issuances: readonly T[]; readonly next?: string | undefined };

/** Maximum number of consecutive pages of the list to read before the user is asked whether to continue. */
export const PAGES_MAX = 8;

/**
 * Reads pages until there are `wanted` entries, the list ends, or `PAGES_MAX` pages were read. The service reads a limited number of items
 * for each page. So a search may return short or even empty pages before the last page. `isCurrent` tells whether the result is still
 * needed.
 */
export async function collectPages<T>(read: (cursor: string | undefined) => Promise<ListPage<T>>, cursor: string | undefined, wanted: number, isCurrent: () => boolean): Promise<{ issuances: readonly T[]; next: string | undefined }> {
  let issuances: readonly T[] = [];
  let next = cursor;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await read(next);
    issuances = [...issuances, ...page.issuances];
    next = page.next;
    if (next === undefined || issuances.length >= wanted || !isCurrent()) break;
  }
  return { issuances, next };
}
