import { expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { fetchWholeExport } from "./export";

type Access = Schemas["Access"];
const access = (id: string) => ({ id }) as Access;

it("the accesses of all pages are joined and the cursor is removed", async () => {
  const cursors: (string | undefined)[] = [];
  const pages: Record<string, Schemas["Export"]> = {
    first: { made_at: "2026-01-01T00:00:00Z", notes: ["n"], accesses: [access("1"), access("2")], next: "b" },
    b: { made_at: "2026-01-01T00:00:01Z", notes: [], accesses: [access("3")], next: "c" },
    c: { made_at: "2026-01-01T00:00:02Z", notes: [], accesses: [access("4")] },
  };
  const all = await fetchWholeExport((cursor) => {
    cursors.push(cursor);
    return Promise.resolve(pages[cursor ?? "first"] as Schemas["Export"]);
  });
  expect(cursors).toEqual([undefined, "b", "c"]);
  expect(all).toEqual({ made_at: "2026-01-01T00:00:00Z", notes: ["n"], accesses: ["1", "2", "3", "4"].map(access) });
});
