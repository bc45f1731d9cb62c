// Signing in with a page: TAXISnet's own page of the sandbox, and the password that comes by SMS.

import * as inbox from './inbox.mjs';
import { finishSignIn } from './people.mjs';
import { origin, sandbox } from './stack.mjs';

/**
 * On TAXISnet's page: enters the person's AFM, and comes back to the service.
 * @param {import('playwright-core').Page} page that TAXISnet is open in
 * @param {import('./people.mjs').Person} who
 */
export async function passTaxisnet(page, who) {
  await page.waitForURL((url) => url.origin === sandbox());
  await page.locator('#afm').fill(who.afm);
  await page.locator('form.entry button').click();
  await page.waitForURL((url) => url.origin === origin());
}

/** On TAXISnet's page: refuses. @param {import('playwright-core').Page} page */
export async function denyTaxisnet(page) {
  await page.waitForURL((url) => url.origin === sandbox());
  await page.locator('button[name=deny]').click();
  await page.waitForURL((url) => url.origin === origin());
}

/**
 * Through TAXISnet, from wherever the page is; the page stands at `returnTo`, the session at `otp`. Answers the password that the test
 * types in.
 * @param {import('playwright-core').Page} page
 * @param {import('./people.mjs').Person} who
 */
export async function upToOtp(page, who, { returnTo = '/' } = {}) {
  const before = await inbox.lastSeq(who.mobile);
  await page.goto(`/v1/sign-in?${new URLSearchParams({ return_to: returnTo })}`);
  await passTaxisnet(page, who);
  return inbox.otp(who.mobile, before);
}

/**
 * Signed in, with a role and (as a citizen) the text on personal data agreed to; the page stands at `returnTo`. TAXISnet's page is used
 * as people use it; password, role and text are sent by the page's own `fetch`, without its forms: those have tests of their own.
 * @param {import('playwright-core').Page} page
 * @param {import('./people.mjs').Person} who
 * @param {{ role?: 'citizen' | 'photographer', returnTo?: string }} [options]
 */
export async function signIn(page, who, { role = 'citizen', returnTo = '/' } = {}) {
  const otp = await upToOtp(page, who, { returnTo });
  await finishSignIn((...call) => callFrom(page, ...call), otp, role);
  await page.goto(returnTo);
}

/** A call of the API by the page itself, with its cookies. */
export async function callFrom(page, method, path, status, body) {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    },
    [method, path, body],
  );
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} in place of ${status}: ${answer.text.slice(0, 600)}`);
  return answer.text === '' ? null : JSON.parse(answer.text);
}
