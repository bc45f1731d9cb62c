/* Moves the focus when the focused element is removed. */

/** Focuses an element after the next render. For the replacement of a control that disappears when it is pressed. */
export function focusAfterRender(find: () => Element | null | undefined): void {
  setTimeout(() => {
    const found = find();
    if (!(found instanceof HTMLElement)) return;
    // Elements that are not controls can receive the focus this way, but stay out of the Tab order.
    if (found.tabIndex < 0) found.tabIndex = -1;
    found.focus();
  });
}

/** Moves the focus to the page's heading if a removed control had it and nothing else takes it. */
export function focusHeadingIfLost(leaving: Element | null): void {
  if (leaving === null || document.activeElement !== leaving) return;
  setTimeout(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  });
}
