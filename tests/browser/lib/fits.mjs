// Checks that a page fits narrow screens and large text.

import assert from 'node:assert/strict';

/** Asserts that the page needs no horizontal scrolling at a width of 320 pixels (WCAG 1.4.10), with text twice as large (WCAG 1.4.4), and with both. */
export async function assertFits(page) {
  const size = page.viewportSize();
  for (const [width, text] of [[320, ''], [size.width, '200%'], [320, '200%']]) {
    await page.setViewportSize({ ...size, width });
    const over = await page.evaluate((text) => {
      document.documentElement.style.fontSize = text;
      const { scrollWidth, clientWidth } = document.documentElement;
      const wide = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1 && !element.closest('.skip, thead'));
      document.documentElement.style.fontSize = '';
      return scrollWidth > clientWidth ? wide.slice(-3).map((element) => element.outerHTML.slice(0, 160)) : [];
    }, text);
    assert.deepEqual(over, [], `${new URL(page.url()).pathname} fits ${width} pixels${text && ` with text at ${text}`}`);
  }
  await page.setViewportSize(size);
}
