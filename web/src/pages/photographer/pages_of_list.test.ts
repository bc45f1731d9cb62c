import { expect, test } from "vitest";

import { collectPages, PAGES_MAX } from "./pages_of_list";

/** Simulates a list whose pages have the given sizes. The cursor is the number of the page. */
function list(...sizes: number[]) {
  const read: (string | undefined)[] = [];
  return {
    read,
    page: (cursor: string | undefined) => {
      read.push(cursor);
      const number = Number(cursor ?? 0);
      const next = number + 1 < sizes.length ? { next: String(number + 1) } : {};
      return Promise.resolve({ issuances: Array.from({ length: sizes[number] ?? 0 }, (_, index) => `${number}.${index}`), ...next });
    },
  };
}
const always = () => true;

test("short and empty pages are followed by the next ones, until there are enough entries", async () => {
  const { page, read } = list(1, 0, 2, 25, 25);
  const found = await collectPages(page, undefined, 25, always);
  expect([found.issuances.length, found.next, read]).toEqual([28, "4", [undefined, "1", "2", "3"]]);
});

test("the end of the list ends the search", async () => {
  expect(await collectPages(list(1, 0, 2).page, undefined, 25, always)).toEqual({ issuances: ["0.0", "2.0", "2.1"], next: undefined });
});

test("after some pages without enough entries the page asks, and goes on from there", async () => {
  const { page } = list(...Array<number>(PAGES_MAX).fill(0), 3);
  const first = await collectPages(page, undefined, 25, always);
  expect(first).toEqual({ issuances: [], next: String(PAGES_MAX) });
  expect((await collectPages(page, first.next, 25, always)).issuances).toHaveLength(3);
});

test("a search that is no longer wanted reads no further page", async () => {
  const { page, read } = list(0, 0, 0);
  await collectPages(page, undefined, 25, () => false);
  expect(read).toHaveLength(1);
});
