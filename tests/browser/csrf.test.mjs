// What a page of another site can make a browser do here, where somebody is signed in: nothing.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { axe, callFrom, emailOf, issue, origin, person, sandbox, signIn, test } from './lib/index.mjs';

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

/** Has the browser follow a link of that site, as a script of the site can at any time. */
async function lead(page, site, path) {
  await page.goto(site);
  await page.evaluate((url) => location.assign(url), `${origin()}${path}`);
}

const APP = `/v1/sign-in?${new URLSearchParams({
  redirect_uri: 'http://127.0.0.1:51004/signed-in',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  state: 'of-the-app',
})}`;

test('a page elsewhere begins no sign-in, for an app neither: the person does, with a button', async ({ newPage, t }) => {
  const site = await elsewhere(t);
  const page = await newPage({ language: 'en', viewport: 'desktop', origins: [site], errors: [/frame-ancestors/, /net::ERR_BLOCKED_BY_RESPONSE/] });
  // The button's delay ends when the test says so.
  await page.addInitScript(() => {
    const { setTimeout } = window;
    window.setTimeout = (run, after, ...rest) => (after === 1000 ? ((window.settle = run), 0) : setTimeout(run, after, ...rest));
  });
  const begun = async () => (await page.context().cookies()).some((cookie) => cookie.name === '__Host-sign-in');

  await lead(page, site, '/v1/sign-in?return_to=/people');
  await page.getByRole('button', { name: 'Sign in with TAXISnet' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');

  for (let round = 0; round < 3; round += 1) {
    await lead(page, site, APP);
    await page.getByRole('heading', { level: 1, name: 'Sign in to an app' }).waitFor();
    assert.equal(new URL(page.url()).origin, origin());
  }
  assert.equal(await begun(), false);
  await page.getByText('127.0.0.1:51004', { exact: true }).waitFor();
  await axe(page);

  // Neither in a frame nor as part of a page.
  await page.goto(site);
  await page.evaluate(async (url) => {
    const parts = [Object.assign(document.createElement('iframe'), { src: url }), Object.assign(document.createElement('img'), { src: url })];
    await Promise.all(parts.map((part) => new Promise((resolve) => ((part.onload = part.onerror = resolve), document.body.append(part)))));
    await fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined);
  }, `${origin()}${APP}`);
  assert.deepEqual(await Promise.all(page.frames().slice(1).map((frame) => frame.locator('button').count())), [0]);
  assert.equal(await begun(), false);

  // The second click of a double click that began on the other page finds a button that does nothing yet.
  await lead(page, site, APP);
  const go = page.getByRole('button', { name: 'Continue to the app with TAXISnet' });
  await go.waitFor();
  await go.evaluate((button) => button.click());
  assert.equal(await go.getAttribute('aria-disabled'), 'true');
  await page.evaluate(() => window.settle());
  await go.click();
  await page.waitForURL((url) => url.origin === sandbox());
  assert.equal(await begun(), true);
});

test('an app that opens the browser itself leads to TAXISnet at once', async ({ newPage }) => {
  const page = await newPage();
  await page.goto(APP);
  assert.equal(new URL(page.url()).origin, sandbox());
});

test('a page elsewhere does not learn who has photos by opening addresses of the API', async ({ newPage, t }) => {
  const site = await elsewhere(t);
  const who = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop', origins: [site], errors: [/net::ERR_(BLOCKED_BY_RESPONSE|BLOCKED_BY_ORB|ABORTED)/] });
  await signIn(page, who);
  const zip = '/v1/subjects/self/association/photos.zip';
  const other = await page.context().newPage();
  /** What that site's page brings about: how a link, a picture and a request are answered, or that a file comes. */
  const seen = async () => {
    const answers = new Set();
    const note = (response) => {
      if (response.url() === `${origin()}${zip}`) answers.add(response.status());
    };
    const download = () => answers.add('download');
    other.on('response', note).on('download', download);
    const arrived = Promise.race([other.waitForURL(`${origin()}${zip}`), other.waitForEvent('download')]);
    await lead(other, site, zip);
    await arrived;
    await other.goto(site);
    await other.evaluate(async (url) => {
      const picture = Object.assign(document.createElement('img'), { src: url });
      await new Promise((resolve) => ((picture.onload = picture.onerror = resolve), document.body.append(picture)));
      await fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined);
    }, `${origin()}${zip}`);
    other.off('response', note).off('download', download);
    return [...answers];
  };

  assert.deepEqual(await seen(), [403]);
  const { code } = await issue({ recipient: emailOf(who) });
  await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code });
  const submission = await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
  await callFrom(page, 'PUT', '/v1/subjects/self/association', 201, { version: submission.consent.version, agree: true });
  assert.deepEqual(await seen(), [403]);
  // Our own pages get it.
  assert.equal(await page.evaluate(async (path) => (await fetch(path)).status, zip), 200);
});
