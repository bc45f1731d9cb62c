import type { ComponentChildren } from "preact";

/** A word beside the page's own: information, a warning, or that something worked. `live` is read aloud when it comes. */
export function Notice({ kind = "info", live = false, title, children }: { kind?: "info" | "warning" | "success"; live?: boolean; title?: string; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`} role={live ? "status" : undefined}>
      {title !== undefined && <p class="notice-title">{title}</p>}
      {children}
    </div>
  );
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
