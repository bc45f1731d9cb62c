import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

type NoticeProps = { kind?: "info" | "warning" | "success"; title?: string; children: ComponentChildren };

/** A word beside the page's own: information, a warning, or that something worked. `live` is read aloud when it comes. */
export function Notice({ live = false, ...notice }: NoticeProps & { live?: boolean }) {
  return live ? <LiveNotice {...notice} /> : <StaticNotice {...notice} />;
}

function StaticNotice({ kind = "info", title, children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`}>
      {title !== undefined && <p class="notice-title">{title}</p>}
      {children}
    </div>
  );
}

/** Screen readers notice an empty place after so long, in milliseconds. */
const LIVE_REGION_DELAY_MS = 100;

/** What comes together with its place is often not read: first there is the place alone. */
function LiveNotice(notice: NoticeProps) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), LIVE_REGION_DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  return <div role="status">{isShown && <StaticNotice {...notice} />}</div>;
}

export function Tag({ kind, children }: { kind: "good" | "bad" | "care" | "busy" | "quiet"; children: ComponentChildren }) {
  return <strong class={`tag tag-${kind}`}>{children}</strong>;
}

export function Summary({ rows }: { rows: readonly (readonly [ComponentChildren, ComponentChildren])[] }) {
  return (
    <dl class="govgr-summary-list">
      {rows.map(([key, value], index) => (
        <div class="govgr-summary-list__row" key={index}>
          <dt class="govgr-summary-list__key">{key}</dt>
          <dd class="govgr-summary-list__value">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
