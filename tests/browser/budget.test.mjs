// Limits the compressed JavaScript that a first visit loads. The QR scanner does not count, because it is loaded only on demand.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { person, signIn, test } from './lib/index.mjs';

const BUDGET = 90_000;

for (const [role, path] of [['citizen', '/people/self/code'], ['photographer', '/photographer/new'], ['kep_clerk', '/kep']]) {
  test(`a ${role}'s first load is at most ${BUDGET} bytes of gzipped JavaScript`, async ({ newPage, t }) => {
    const page = await newPage();
    await signIn(page, await person(role), { role });
    const scripts = new Map();
    const take = (response) => {
      if (response.request().resourceType() === 'script') scripts.set(response.url(), response);
    };
    page.on('response', take);
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    page.off('response', take);
    const sizes = await Promise.all([...scripts].map(async ([url, response]) => [new URL(url).pathname, gzipSync(await response.body(), { level: 9 }).length]));
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    t.diagnostic(`${total} bytes: ${sizes.map((pair) => pair.join(' ')).join(', ')}`);
    assert.ok(sizes.length > 1 && total <= BUDGET, `${total} bytes: ${sizes.join('; ')}`);
  });
}
