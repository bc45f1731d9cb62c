import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { focusHeadingIfLost } from "./focus";

type Variant = "primary" | "secondary" | "warning" | "link";
type ButtonProps = {
  children: ComponentChildren;
  variant?: Variant;
  busy?: boolean;
  submit?: boolean;
  disabled?: boolean;
  onClick?: () => unknown;
  id?: string;
  label?: string;
  expanded?: boolean;
};

/**
 * A button that ignores presses while its action is running. It stays in place and keeps the focus. If a button that has the focus is
 * removed, the focus moves to the page's heading.
 */
export function Button({ children, variant = "primary", busy = false, submit = false, disabled = false, onClick, id, label, expanded }: ButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = button.current;
    return () => focusHeadingIfLost(element);
  }, []);
  return (
    <button
      ref={button}
      id={id}
      type={submit ? "submit" : "button"}
      class={`govgr-btn govgr-btn-${variant}`}
      aria-disabled={busy || disabled ? "true" : undefined}
      aria-busy={busy}
      aria-label={label}
      aria-expanded={expanded}
      onClick={(event) => {
        if (busy || disabled) event.preventDefault();
        else onClick?.();
      }}
    >
      {busy && <span class="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

export function ButtonLink({ children, href, variant = "primary" }: { children: ComponentChildren; href: string; variant?: Variant }) {
  return (
    <a class={`govgr-btn govgr-btn-${variant}`} href={href} draggable={false}>
      {children}
    </a>
  );
}
