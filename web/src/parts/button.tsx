import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { handOn } from "./focus";

type Look = "primary" | "secondary" | "warning" | "link";
type ButtonProps = {
  children: ComponentChildren;
  look?: Look;
  busy?: boolean;
  submit?: boolean;
  disabled?: boolean;
  onClick?: () => unknown;
  id?: string;
  label?: string;
  expanded?: boolean;
};

/** While busy it stays where it is and keeps the focus, but does nothing. Where it goes with the focus, the heading gets that. */
export function Button({ children, look = "primary", busy = false, submit = false, disabled = false, onClick, id, label, expanded }: ButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const mine = button.current;
    return () => handOn(mine);
  }, []);
  return (
    <button
      ref={button}
      id={id}
      type={submit ? "submit" : "button"}
      class={`govgr-btn govgr-btn-${look}`}
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

export function ButtonLink({ children, href, look = "primary" }: { children: ComponentChildren; href: string; look?: Look }) {
  return (
    <a class={`govgr-btn govgr-btn-${look}`} href={href} draggable={false}>
      {children}
    </a>
  );
}
