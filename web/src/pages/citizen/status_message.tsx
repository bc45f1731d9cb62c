/* A message that the next page shows: the result of an action, or the reason why a step is not possible. */
import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";

import { onEnd } from "../../api/session";
import { Notice } from "../../parts/notice";
import { Loading } from "../../parts/page";
import { words } from "./words/common";

export type MessageKey = keyof ReturnType<typeof words>["status"];

const message = signal<{ path: string; key: MessageKey } | undefined>(undefined);
onEnd.push(() => {
  message.value = undefined;
});

const SUCCESS_KEYS: ReadonlySet<MessageKey> = new Set<MessageKey>(["authorized", "rejected", "minorAdded"]);

export function useRouteWithMessage() {
  const { route } = useLocation();
  return (path: string, key: MessageKey, replace = false) => {
    message.value = { path, key };
    route(path, replace);
  };
}

/** Shows the message for this page, and clears it when the user leaves the page. */
export function StatusMessage() {
  const { path } = useLocation();
  useEffect(
    () => () => {
      // Clear only this page's message. The next page's message may already be set.
      if (message.value?.path === path) message.value = undefined;
    },
    [path],
  );
  const current = message.value;
  if (current?.path !== path) return null;
  return (
    <Notice live kind={SUCCESS_KEYS.has(current.key) ? "success" : "info"}>
      <p>{words().status[current.key]}</p>
    </Notice>
  );
}

/** Redirects to the page at `path`, which shows why the requested step is not possible now. */
export function RedirectWithMessage({ path, messageKey }: { path: string; messageKey: MessageKey }) {
  const routeWithMessage = useRouteWithMessage();
  useEffect(() => routeWithMessage(path, messageKey, true), [path]);
  return <Loading />;
}
