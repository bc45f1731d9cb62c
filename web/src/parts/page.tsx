import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Failure } from "../api/client";
import { FailureNote } from "./failure";
import { words } from "./words";

type PageProps = { title: string; caption?: string; back?: string; wide?: boolean; children: ComponentChildren };

/** A page. When the page opens, its title becomes the document's title. The heading takes the focus, so that screen readers start there. */
export function Page({ title, caption, back, wide = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · myPhoto`;
  }, [title]);
  useEffect(() => {
    if (hasShownPage) heading.current?.focus({ preventScroll: true });
    hasShownPage = true;
    window.scrollTo(0, 0);
  }, []);
  return (
    <>
      {back !== undefined && (
        <a class="govgr-back-link" href={back}>
          {words().back}
        </a>
      )}
      <div class={wide ? "page page-wide" : "page"}>
        {caption !== undefined && <span class="govgr-caption-l">{caption}</span>}
        <h1 class="govgr-heading-l" tabIndex={-1} ref={heading}>
          {title}
        </h1>
        {children}
      </div>
    </>
  );
}

/** False until the first page is shown. The first page does not move the focus. */
let hasShownPage = false;

/** Shows a loading text, then the loaded data or the failure. */
export function Loaded<T>({ load, children }: { load: { data: T | undefined; failure: Failure | undefined; reload: () => void }; children: (data: T) => ComponentChildren }) {
  if (load.failure !== undefined) return <FailureNote failure={load.failure} onRetry={load.reload} />;
  return load.data === undefined ? <Loading /> : <>{children(load.data)}</>;
}

export function Loading({ text }: { text?: string }) {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {text ?? words().loading}
    </p>
  );
}
