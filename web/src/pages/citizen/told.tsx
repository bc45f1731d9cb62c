/* A word about what has just been done, or why a step is not possible, on the page to which it led. */
import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";

import { onEnd } from "../../api/session";
import { Notice } from "../../parts/notice";
import { Loading } from "../../parts/page";
import { words } from "./words/common";

export type Word = keyof ReturnType<typeof words>["told"];

const told = signal<{ path: string; word: Word } | undefined>(undefined);
onEnd.push(() => {
  told.value = undefined;
});

const DONE: ReadonlySet<Word> = new Set<Word>(["authorized", "rejected", "minorAdded"]);

export function useTell() {
  const { route } = useLocation();
  return (path: string, word: Word, replace = false) => {
    told.value = { path, word };
    route(path, replace);
  };
}

/** On the page itself; gone when the page is left. */
export function Told() {
  const { path } = useLocation();
  useEffect(
    () => () => {
      // The page that goes says nothing later; one that is just coming keeps its word.
      if (told.value?.path === path) told.value = undefined;
    },
    [path],
  );
  const here = told.value;
  if (here?.path !== path) return null;
  return (
    <Notice live kind={DONE.has(here.word) ? "success" : "info"}>
      <p>{words().told[here.word]}</p>
    </Notice>
  );
}

/** In place of a page whose step is not possible now. */
export function Elsewhere({ path, word }: { path: string; word: Word }) {
  const tell = useTell();
  useEffect(() => tell(path, word, true), [path]);
  return <Loading />;
}
