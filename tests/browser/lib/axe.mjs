// Automatic checks of WCAG 2.2 AA.

import axeCore from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** Returns axe's options. @param {string[]} [without] rules to leave out */
export const axeOptions = (without = []) => ({ runOnly: { type: 'tag', values: TAGS }, rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])) });

/** Returns the violations as a readable list. */
export function violationsText(pathname, violations) {
  const lines = violations.map(({ id, impact, help, nodes }) => {
    const where = nodes.map((node) => `      ${node.target.join(' ')}\n        ${node.failureSummary.replaceAll('\n', '\n        ')}`);
    return `  ${id} (${impact}): ${help}\n${where.join('\n')}`;
  });
  return `${pathname} is not accessible:\n${lines.join('\n')}`;
}

/**
 * Fails with a list of accessibility violations.
 * @param {import('playwright-core').Page} page
 * @param {{ without?: string[] }} [options] names of rules to disable. The caller gives the reason for each in a comment
 */
export async function axe(page, { without = [] } = {}) {
  // Runs axe through Chromium's debugging protocol, so that the page's Content-Security-Policy and Trusted Types do not block it.
  const session = await page.context().newCDPSession(page);
  const expression = `${axeCore.source};axe.run(document, ${JSON.stringify(axeOptions(without))}).then((found) => JSON.stringify(found.violations))`;
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  await session.detach();
  if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  const violations = JSON.parse(result.value);
  if (violations.length === 0) return;
  throw new Error(violationsText(new URL(page.url()).pathname, violations));
}

/** Checks accessibility in the language of the page and in the other language. Then switches back. */
export async function axeInBoth(page) {
  const other = page.locator('.header-button').first();
  await axe(page);
  await other.click();
  await axe(page);
  await other.click();
}
