import type { Schemas } from "../../api/client";

type Export = Schemas["Export"];

/** All pages of an export as one: the first with everything else, its accesses followed by those of the others. */
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
