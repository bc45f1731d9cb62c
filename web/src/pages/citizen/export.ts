import type { Schemas } from "../../api/client";

type Export = Schemas["Export"];

/** Fetches all pages of an export. Returns the data of the first page, with the accesses of all pages. */
export async function fetchWholeExport(fetchPage: (cursor: string | undefined) => Promise<Export>): Promise<Omit<Export, "next">> {
  const first = await fetchPage(undefined);
  const accesses = [...first.accesses];
  for (let cursor = first.next; cursor !== undefined; ) {
    const page = await fetchPage(cursor);
    accesses.push(...page.accesses);
    cursor = page.next;
  }
  const all = { ...first, accesses };
  delete all.next;
  return all;
}
