// What a page of another site can make a browser do here, where somebody is signed in: nothing.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { callFrom, origin, person, signIn, test } from './lib/index.mjs';

/** Somebody else's site, on a name of its own. */
async function elsewhere(t) {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>win</title>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Sends a form as that site would, in a window of its own, and says how it was answered. */
async function submitForm(context, site, { path, enctype, fields }) {
  const page = await context.newPage();
  await page.goto(site);
  const answered = page.waitForResponse((response) => response.url() === `${origin()}${path}`);
  await page.evaluate(
    ([action, enctype, fields]) => {
      const form = Object.assign(document.createElement('form'), { action, method: 'POST', enctype });
      for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    },
    [`${origin()}${path}`, enctype, fields],
  );
  return (await answered).status();
}

test('a page elsewhere changes nothing and reads nothing in the name of whoever is signed in', async ({ newPage, t }) => {
  const site = await elsewhere(t);
  const page = await newPage({ language: 'el', origins: [site], errors: [/CORS policy/, /net::ERR_(FAILED|BLOCKED_BY_RESPONSE)/] });
  await signIn(page, await person());
  assert.equal((await callFrom(page, 'GET', '/v1/session', 200)).stage, 'ready');

  // A form can be made to look like JSON, and to be sent as text.
  const disguised = { '{"version":"2026-11","agree":false,"x":"': '"}' };
  for (const [enctype, fields] of [
    ['application/x-www-form-urlencoded', { version: '2026-11', agree: 'false' }],
    ['multipart/form-data', { version: '2026-11', agree: 'false' }],
    ['text/plain', disguised],
  ]) {
    const status = await submitForm(page.context(), site, { path: '/v1/session/consent', enctype, fields });
    assert.ok([401, 403, 415].includes(status), `${enctype}: ${status}`);
  }

  const other = await page.context().newPage();
  await other.goto(site);
  const tried = await other.evaluate(async (service) => {
    const attempt = async (path, options) => {
      try {
        const response = await fetch(`${service}${path}`, { credentials: 'include', ...options });
        return `${response.type} ${response.status}`;
      } catch {
        return 'refused';
      }
    };
    const json = { headers: { 'content-type': 'application/json' }, body: '{"version":"2026-11","agree":false}' };
    return [
      await attempt('/v1/session', {}),
      await attempt('/v1/session', { method: 'DELETE' }),
      await attempt('/v1/session/consent', { method: 'POST', ...json }),
      await attempt('/v1/session/consent', { method: 'POST', mode: 'no-cors', body: json.body }),
      await attempt('/v1/session', { mode: 'no-cors' }),
    ];
  }, origin());
  // Also what is sent without asking: Cross-Origin-Resource-Policy keeps its answer from the page.
  assert.deepEqual(tried, Array(5).fill('refused'));

  assert.equal((await callFrom(page, 'GET', '/v1/session', 200)).stage, 'ready');
});
