import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

type NoticeProps = { kind?: "info" | "warning" | "success"; title?: string; children: ComponentChildren };

/** A word beside the page's own: information, a warning, or that something worked. `live` is read aloud when it comes. */
export function Notice({ live = false, ...notice }: NoticeProps & { live?: boolean }) {
  return live ? <Live {...notice} /> : <Still {...notice} />;
}

function Still({ kind = "info", title, children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`}>
      {title !== undefined && <p class="notice-title">{title}</p>}
      {children}
    </div>
  );
}

/** Screen readers notice an empty place after so long, in milliseconds. */
const NOTICED = 100;

/** What comes together with its place is often not read: first there is the place alone. */
function Live(notice: NoticeProps) {
  const [isThere, setThere] = useState(false);
  useEffect(() => {
    const waiting = setTimeout(() => setThere(true), NOTICED);
    return () => clearTimeout(waiting);
  }, []);
  return <div role="status">{isThere && <Still {...notice} />}</div>;
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
