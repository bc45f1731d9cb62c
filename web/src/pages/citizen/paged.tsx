import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { rememberUrl, useAction, useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { focusAfterRender } from "../../parts/focus";
import { Loading } from "../../parts/page";
import { words as parts } from "../../parts/words";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";

/** Entries in one page of a list. */
export const ENTRIES_PER_PAGE = 20;

export type ListPage<T> = { entries: readonly T[]; next: string | undefined };

/** A list that comes in pages, newest first; in the other language it begins again. */
export function usePaged<T>(fetchPage: (cursor: string | undefined) => Promise<ListPage<T>>) {
  const first = useLoad(() => fetchPage(undefined), []);
  const [shown, setShown] = useState<ListPage<T>>();
  useEffect(() => setShown(first.data), [first.data]);
  const more = useAction(async (cursor: string) => {
    const isSameUrl = rememberUrl();
    const page = await fetchPage(cursor);
    const count = shown?.entries.length ?? 0;
    setShown((before) => ({ entries: [...(before?.entries ?? []), ...page.entries], next: page.next }));
    // With the last page the button goes: on to what it brought.
    if (page.next === undefined && isSameUrl()) focusAfterRender(() => document.querySelectorAll("main tbody tr")[count]);
  });
  return { list: { ...first, data: shown }, more };
}

/** Such a list on its page: that it loads, why it cannot, that there is nothing, or its entries and the way to more. */
export function PagedList<T>({ paged: { list, more }, none, subject, children }: { paged: ReturnType<typeof usePaged<T>>; none: string; subject: Subject; children: (entries: readonly T[]) => ComponentChildren }) {
  if (list.failure !== undefined) return <ErrorMessage failure={list.failure} onRetry={list.reload} subject={subject} />;
  if (list.data === undefined) return <Loading />;
  if (list.data.entries.length === 0) return <p class="govgr-body">{none}</p>;
  return (
    <>
      {children(list.data.entries)}
      <MoreButton of={more} next={list.data.next} subject={subject} />
    </>
  );
}

function MoreButton({ of, next, subject }: { of: { run: (cursor: string) => unknown; busy: boolean; failure: ReturnType<typeof useAction>["failure"] }; next: string | undefined; subject: Subject }) {
  return (
    <>
      <ErrorMessage failure={of.failure} subject={subject} />
      {next !== undefined && (
        <Button variant="secondary" busy={of.busy} onClick={() => of.run(next)}>
          {parts().more}
        </Button>
      )}
    </>
  );
}
