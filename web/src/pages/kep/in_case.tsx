/* Wrappers for pages that need the open case. */
import { useLocation } from "preact-iso";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { loadCase, openCase, type Case } from "../../api/case";
import { session } from "../../api/session";
import { useAction } from "../../parts/action";
import { FailureNote } from "../../parts/failure";
import { Loading, Page } from "../../parts/page";
import { words } from "./words";

/**
 * Shows a page of the person at the counter. If there is no case, or the case is not ready, redirects to the counter and replaces the page
 * in the browser's history.
 */
export function InCase({ children }: { children: ComponentChildren }) {
  if (session.value?.case === undefined) return <RedirectToCounter />;
  return <LoadedCase>{({ stage }) => (stage === "ready" ? children : <RedirectToCounter />)}</LoadedCase>;
}

/** Loads the open case if this page does not have it, for example after a reload. */
export function LoadedCase({ children }: { children: (current: Case) => ComponentChildren }) {
  const handle = session.value?.case?.handle;
  const current = openCase.value;
  const isMissing = current === undefined;
  const load = useAction(loadCase);
  useEffect(() => {
    if (isMissing) void load.run();
  }, [handle, isMissing]);
  if (current !== undefined) return <>{children(current)}</>;
  if (load.failure === undefined) return <Loading />;
  return (
    <Page title={words().title}>
      <FailureNote failure={load.failure} onRetry={() => void load.run()} />
    </Page>
  );
}

function RedirectToCounter() {
  const { route } = useLocation();
  useEffect(() => route("/kep", true), []);
  return <Loading />;
}
