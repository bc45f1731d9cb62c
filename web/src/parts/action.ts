import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { ProblemError, ConnectionError, type Failure } from "../api/client";
import { language } from "../words/language";

function asFailure(error: unknown): Failure {
  if (error instanceof ProblemError || error instanceof ConnectionError) return error;
  console.error(error);
  return new ConnectionError("broken");
}

/** Something a person does: `run` ignores a second press while busy, and keeps what went wrong. Answers undefined where it failed. */
export function useAction<A extends unknown[], T>(action: (...values: A) => Promise<T>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const running = useRef(false);
  const mounted = useMounted();
  const latest = useRef(action);
  latest.current = action;
  const run = useCallback(async (...values: A): Promise<T | undefined> => {
    if (running.current) return undefined;
    running.current = true;
    setBusy(true);
    setFailure(undefined);
    try {
      return await latest.current(...values);
    } catch (error) {
      if (mounted.current) setFailure(asFailure(error));
      return undefined;
    } finally {
      running.current = false;
      if (mounted.current) setBusy(false);
    }
  }, []);
  return { run, busy, failure, setFailure };
}

/** What a page needs before it can show: asked for at once, again on `reload`, and in the other language when that changes. */
export function useLoad<T>(load: () => Promise<T>, dependencies: readonly unknown[]) {
  const [data, setData] = useState<T>();
  const [failure, setFailure] = useState<Failure>();
  const [reloads, setReloads] = useState(0);
  const mounted = useMounted();
  const latestLoad = useRef(0);
  const currentLanguage = language.value;
  useEffect(() => {
    const thisLoad = ++latestLoad.current;
    const isCurrent = () => mounted.current && thisLoad === latestLoad.current;
    setFailure(undefined);
    load().then(
      (value) => {
        if (isCurrent()) setData(() => value);
      },
      (error: unknown) => {
        if (isCurrent()) setFailure(asFailure(error));
      },
    );
  }, [...dependencies, reloads, currentLanguage]);
  const reload = useCallback(() => setReloads((count) => count + 1), []);
  return { data, failure, reload, setData };
}

/** Asked when something is begun; afterwards says whether the person is still at the same address. Whoever has gone elsewhere meanwhile is not called back, nor sent on. By the address rather than by what is mounted: what has been done may itself have changed the page. */
export function rememberUrl(): () => boolean {
  const { href } = location;
  return () => location.href === href;
}

function useMounted() {
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  return mounted;
}
