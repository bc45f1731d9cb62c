/* Moves the focus when the focused element is removed. */

/** Focuses an element after the next render. Used for a control that disappears when pressed, to focus its replacement. */
export function focusAfterRender(find: () => Element | null | undefined): void {
  setTimeout(() => {
    const found = find();
    if (!(found instanceof HTMLElement)) return;
    // With a `tabIndex` of -1, elements that are not controls can receive the focus but stay out of the Tab order.
    if (found.tabIndex < 0) found.tabIndex = -1;
    found.focus();
  });
}

/** Moves the focus to the page's heading if a removed control had the focus and no other element takes it. */
export function focusHeadingIfLost(leaving: Element | null): void {
  if (leaving === null || document.activeElement !== leaving) return;
  setTimeout(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  });
}
