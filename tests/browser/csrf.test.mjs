// Cross-site request forgery: a page of another site can neither change nor read anything while the user is signed in.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { axe, callFrom, emailOf, issue, origin, person, sandbox, signIn, test } from './lib/index.mjs';

/** Starts a server for another site, which has another origin than the service. */
async function otherSite(t) {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>win</title>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Submits a form to the service from a page of another site, in a new window. Returns the status of the response. */
async function submitForm(context, site, { path, enctype, fields }) {
  const page = await context.newPage();
  await page.goto(site);
  const responded = page.waitForResponse((response) => response.url() === `${origin()}${path}`);
  await page.evaluate(
    ([action, enctype, fields]) => {
      const form = Object.assign(document.createElement('form'), { action, method: 'POST', enctype });
      for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    },
    [`${origin()}${path}`, enctype, fields],
  );
  return (await responded).status();
}

test('a page of another site changes nothing and reads nothing while the user is signed in', async ({ newPage, t }) => {
  const site = await otherSite(t);
  const page = await newPage({ language: 'el', origins: [site], errors: [/CORS policy/, /net::ERR_(FAILED|BLOCKED_BY_RESPONSE)/] });
  await signIn(page, await person());
  assert.equal((await callFrom(page, 'GET', '/v1/session', 200)).stage, 'ready');

  // A form of the type text/plain can produce a body that is valid JSON.
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
  const results = await other.evaluate(async (service) => {
    const attempt = async (path, options) => {
      try {
        const response = await fetch(`${service}${path}`, { credentials: 'include', ...options });
        return `${response.type} ${response.status}`;
      } catch {
        return 'blocked';
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
  // The `no-cors` requests reach the service without a preflight. They fail too, because Cross-Origin-Resource-Policy blocks their
  // responses.
  assert.deepEqual(results, Array(5).fill('blocked'));

  assert.equal((await callFrom(page, 'GET', '/v1/session', 200)).stage, 'ready');
});

/** Navigates from a page of the other site to the service. A script of that site can do this at any time. */
async function navigateFrom(page, site, path) {
  await page.goto(site);
  await page.evaluate((url) => location.assign(url), `${origin()}${path}`);
}

const APP = `/v1/sign-in?${new URLSearchParams({
  redirect_uri: 'http://127.0.0.1:51004/signed-in',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  state: 'of-the-app',
})}`;

test('a page of another site cannot begin a sign-in, not even for an app, without a click of the person', async ({ newPage, t }) => {
  const site = await otherSite(t);
  const page = await newPage({ language: 'en', viewport: 'desktop', origins: [site], errors: [/frame-ancestors/, /net::ERR_BLOCKED_BY_RESPONSE/] });
  // The page disables the button for 1,000 ms. This script replaces the page's timer, so that the test decides when this time is over.
  await page.addInitScript(() => {
    const { setTimeout } = window;
    window.setTimeout = (run, after, ...rest) => (after === 1000 ? ((window.settle = run), 0) : setTimeout(run, after, ...rest));
  });
  const begun = async () => (await page.context().cookies()).some((cookie) => cookie.name === '__Host-sign-in');

  await navigateFrom(page, site, '/v1/sign-in?return_to=/people');
  await page.getByRole('button', { name: 'Sign in with TAXISnet' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');

  for (let round = 0; round < 3; round += 1) {
    await navigateFrom(page, site, APP);
    await page.getByRole('heading', { level: 1, name: 'Sign in to an app' }).waitFor();
    assert.equal(new URL(page.url()).origin, origin());
  }
  assert.equal(await begun(), false);
  await page.getByText('127.0.0.1:51004', { exact: true }).waitFor();
  await axe(page);

  // The other site cannot begin a sign-in with a frame, an image or a script's request either.
  await page.goto(site);
  await page.evaluate(async (url) => {
    const parts = [Object.assign(document.createElement('iframe'), { src: url }), Object.assign(document.createElement('img'), { src: url })];
    await Promise.all(parts.map((part) => new Promise((resolve) => ((part.onload = part.onerror = resolve), document.body.append(part)))));
    await fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined);
  }, `${origin()}${APP}`);
  assert.deepEqual(await Promise.all(page.frames().slice(1).map((frame) => frame.locator('button').count())), [0]);
  assert.equal(await begun(), false);

  // If a double click begins on the other page, its second click hits a button that is still disabled.
  await navigateFrom(page, site, APP);
  const go = page.getByRole('button', { name: 'Continue to the app with TAXISnet' });
  await go.waitFor();
  await go.evaluate((button) => button.click());
  assert.equal(await go.getAttribute('aria-disabled'), 'true');
  await page.evaluate(() => window.settle());
  await go.click();
  await page.waitForURL((url) => url.origin === sandbox());
  assert.equal(await begun(), true);
});

test('an app that opens the browser itself gets to TAXISnet at once', async ({ newPage }) => {
  const page = await newPage();
  await page.goto(APP);
  assert.equal(new URL(page.url()).origin, sandbox());
});

test('a page of another site cannot find out who has photos by opening URLs of the API', async ({ newPage, t }) => {
  const site = await otherSite(t);
  const who = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop', origins: [site], errors: [/net::ERR_(BLOCKED_BY_RESPONSE|BLOCKED_BY_ORB|ABORTED)/] });
  await signIn(page, who);
  const zip = '/v1/subjects/self/association/photos.zip';
  const other = await page.context().newPage();
  /**
   * Requests the URL from the other site in three ways: by navigation, as an image, and with `fetch`. Returns the statuses of the
   * responses, and `download` if a download began.
   */
  const observe = async () => {
    const observed = new Set();
    const note = (response) => {
      if (response.url() === `${origin()}${zip}`) observed.add(response.status());
    };
    const download = () => observed.add('download');
    other.on('response', note).on('download', download);
    const arrived = Promise.race([other.waitForURL(`${origin()}${zip}`), other.waitForEvent('download')]);
    await navigateFrom(other, site, zip);
    await arrived;
    await other.goto(site);
    await other.evaluate(async (url) => {
      const picture = Object.assign(document.createElement('img'), { src: url });
      await new Promise((resolve) => ((picture.onload = picture.onerror = resolve), document.body.append(picture)));
      await fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined);
    }, `${origin()}${zip}`);
    other.off('response', note).off('download', download);
    return [...observed];
  };

  assert.deepEqual(await observe(), [403]);
  const { code } = await issue({ recipient: emailOf(who) });
  await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code });
  const submission = await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
  await callFrom(page, 'PUT', '/v1/subjects/self/association', 201, { version: submission.consent.version, agree: true });
  assert.deepEqual(await observe(), [403]);
  // The service's own pages can download the ZIP file.
  assert.equal(await page.evaluate(async (path) => (await fetch(path)).status, zip), 200);
});
