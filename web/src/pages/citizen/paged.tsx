import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { rememberUrl, useAction, useLoad } from "../../parts/action";
import { Button } from "../../parts/button";
import { focusAfterRender } from "../../parts/focus";
import { Loading } from "../../parts/page";
import { words as parts } from "../../parts/words";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";

/** Entries per page of a list. */
export const ENTRIES_PER_PAGE = 20;

export type ListPage<T> = { entries: readonly T[]; next: string | undefined };

/** Loads a list page by page, newest entries first. After a change of language, starts again with the first page. */
export function usePaged<T>(fetchPage: (cursor: string | undefined) => Promise<ListPage<T>>) {
  const first = useLoad(() => fetchPage(undefined), []);
  const [shown, setShown] = useState<ListPage<T>>();
  useEffect(() => setShown(first.data), [first.data]);
  const more = useAction(async (cursor: string) => {
    const isSameUrl = rememberUrl();
    const page = await fetchPage(cursor);
    const count = shown?.entries.length ?? 0;
    setShown((before) => ({ entries: [...(before?.entries ?? []), ...page.entries], next: page.next }));
    // When the last page is added, the pressed button is removed, so the focus moves to the first new row.
    if (page.next === undefined && isSameUrl()) focusAfterRender(() => document.querySelectorAll("main tbody tr")[count]);
  });
  return { list: { ...first, data: shown }, more };
}

/** Shows a paged list: loading, a failure, the text `none` if the list is empty, or the entries with a button for more. */
export function PagedList<T>({ paged: { list, more }, none, subject, children }: { paged: ReturnType<typeof usePaged<T>>; none: string; subject: Subject; children: (entries: readonly T[]) => ComponentChildren }) {
  if (list.failure !== undefined) return <ErrorMessage failure={list.failure} onRetry={list.reload} subject={subject} />;
  if (list.data === undefined) return <Loading />;
  if (list.data.entries.length === 0) return <p class="govgr-body">{none}</p>;
  return (
    <>
      {children(list.data.entries)}
      <MoreButton more={more} next={list.data.next} subject={subject} />
    </>
  );
}

function MoreButton({ more, next, subject }: { more: { run: (cursor: string) => unknown; busy: boolean; failure: ReturnType<typeof useAction>["failure"] }; next: string | undefined; subject: Subject }) {
  return (
    <>
      <ErrorMessage failure={more.failure} subject={subject} />
      {next !== undefined && (
        <Button variant="secondary" busy={more.busy} onClick={() => more.run(next)}>
          {parts().more}
        </Button>
      )}
    </>
  );
}
