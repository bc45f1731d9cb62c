import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { ProblemError, ConnectionError, type Failure } from "../api/client";
import { language } from "../words/language";

function asFailure(error: unknown): Failure {
  if (error instanceof ProblemError || error instanceof ConnectionError) return error;
  console.error(error);
  return new ConnectionError("broken");
}

/**
 * An asynchronous action of the user. While the action is running, `run` does nothing. If the action fails, `run` returns undefined and
 * `failure` has the error.
 */
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

/** Loads data when the page opens, on `reload`, and when the language changes. */
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

/**
 * Stores the URL at the start of an action. The returned function tells whether the URL is still the same, so that a finished action does
 * not navigate a user who has opened another page. It does not check whether a component is still mounted, because the action itself may
 * replace components.
 */
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
