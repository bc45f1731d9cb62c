/* Where the focus goes when what had it goes. */

/** Once the page is drawn anew: for what takes the place of a control that was pressed and goes with it. */
export function focusAfterRender(find: () => Element | null | undefined): void {
  setTimeout(() => {
    const found = find();
    if (!(found instanceof HTMLElement)) return;
    // What is no control can be given the focus, but is not on the way of Tab.
    if (found.tabIndex < 0) found.tabIndex = -1;
    found.focus();
  });
}

/** For a control that goes while it has the focus, where nothing else takes it: the heading, as on a new page. */
export function focusHeadingIfLost(leaving: Element | null): void {
  if (leaving === null || document.activeElement !== leaving) return;
  setTimeout(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  });
}
