import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { Refused, Unanswered, type Failure } from "../api/client";
import { language } from "../words/language";

function known(error: unknown): Failure {
  if (error instanceof Refused || error instanceof Unanswered) return error;
  console.error(error);
  return new Unanswered("broken");
}

/** Something a person does: `run` ignores a second press while busy, and keeps what went wrong. Answers undefined where it failed. */
export function useAction<A extends unknown[], T>(does: (...values: A) => Promise<T>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const running = useRef(false);
  const alive = useAlive();
  const latest = useRef(does);
  latest.current = does;
  const run = useCallback(async (...values: A): Promise<T | undefined> => {
    if (running.current) return undefined;
    running.current = true;
    setBusy(true);
    setFailure(undefined);
    try {
      return await latest.current(...values);
    } catch (error) {
      if (alive.current) setFailure(known(error));
      return undefined;
    } finally {
      running.current = false;
      if (alive.current) setBusy(false);
    }
  }, []);
  return { run, busy, failure, setFailure };
}

/** What a page needs before it can show: asked for at once, again on `reload`, and in the other language when that changes. */
export function useLoad<T>(load: () => Promise<T>, on: readonly unknown[]) {
  const [data, setData] = useState<T>();
  const [failure, setFailure] = useState<Failure>();
  const [asked, setAsked] = useState(0);
  const alive = useAlive();
  const turn = useRef(0);
  const spoken = language.value;
  useEffect(() => {
    const mine = ++turn.current;
    const isCurrent = () => alive.current && mine === turn.current;
    setFailure(undefined);
    load().then(
      (value) => {
        if (isCurrent()) setData(() => value);
      },
      (error: unknown) => {
        if (isCurrent()) setFailure(known(error));
      },
    );
  }, [...on, asked, spoken]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  return { data, failure, reload, setData };
}

/** Asked when something is begun; afterwards says whether the person is still at the same address. Whoever has gone elsewhere meanwhile is not called back, nor sent on. By the address rather than by what is mounted: what has been done may itself have changed the page. */
export function staying(): () => boolean {
  const { href } = location;
  return () => location.href === href;
}

function useAlive() {
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  return alive;
}
