import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

type NoticeProps = { kind?: "info" | "warning" | "success"; title?: string; children: ComponentChildren };

/** A highlighted message: information, a warning or a success. Screen readers announce a `live` notice when it appears. */
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

/** Time that screen readers need to register an empty live region, in milliseconds. */
const LIVE_REGION_DELAY_MS = 100;

/** Renders the live region empty first, because screen readers often miss text that is inserted together with its region. */
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
