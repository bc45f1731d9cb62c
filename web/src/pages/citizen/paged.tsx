import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { staying, useAction, useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { focusNext } from "../../parts/focus";
import { Loading } from "../../parts/page";
import { words as parts } from "../../parts/words";
import type { Who } from "./subject";
import { Trouble } from "./trouble";

/** Entries in one page of a list. */
export const LIMIT = 20;

export type Listed<T> = { entries: readonly T[]; next: string | undefined };

/** A list that comes in pages, newest first; in the other language it begins again. */
export function usePaged<T>(ask: (cursor: string | undefined) => Promise<Listed<T>>) {
  const first = useLoad(() => ask(undefined), []);
  const [shown, setShown] = useState<Listed<T>>();
  useEffect(() => setShown(first.data), [first.data]);
  const more = useAction(async (cursor: string) => {
    const isHere = staying();
    const page = await ask(cursor);
    const count = shown?.entries.length ?? 0;
    setShown((before) => ({ entries: [...(before?.entries ?? []), ...page.entries], next: page.next }));
    // With the last page the button goes: on to what it brought.
    if (page.next === undefined && isHere()) focusNext(() => document.querySelectorAll("main tbody tr")[count]);
  });
  return { list: { ...first, data: shown }, more };
}

/** Such a list on its page: that it loads, why it cannot, that there is nothing, or its entries and the way to more. */
export function Paged<T>({ of: { list, more }, none, who, children }: { of: ReturnType<typeof usePaged<T>>; none: string; who: Who; children: (entries: readonly T[]) => ComponentChildren }) {
  if (list.failure !== undefined) return <Trouble failure={list.failure} onRetry={list.reload} who={who} />;
  if (list.data === undefined) return <Loading />;
  if (list.data.entries.length === 0) return <p class="govgr-body">{none}</p>;
  return (
    <>
      {children(list.data.entries)}
      <More of={more} next={list.data.next} who={who} />
    </>
  );
}

function More({ of, next, who }: { of: { run: (cursor: string) => unknown; busy: boolean; failure: ReturnType<typeof useAction>["failure"] }; next: string | undefined; who: Who }) {
  return (
    <>
      <Trouble failure={of.failure} who={who} />
      {next !== undefined && (
        <Button look="secondary" busy={of.busy} onClick={() => of.run(next)}>
          {parts().more}
        </Button>
      )}
    </>
  );
}
