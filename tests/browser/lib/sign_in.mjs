// Signs people in on a page: fills in the sandbox's TAXISnet page, and sends the one-time password that arrived by SMS.

import * as inbox from './inbox.mjs';
import { finishSignIn } from './people.mjs';
import { origin, sandbox } from './stack.mjs';

/**
 * Enters the person's AFM on TAXISnet's page and returns to the service.
 * @param {import('playwright-core').Page} page a page that shows TAXISnet
 * @param {import('./people.mjs').Person} who
 */
export async function passTaxisnet(page, who) {
  await page.waitForURL((url) => url.origin === sandbox());
  await page.locator('#afm').fill(who.afm);
  await page.locator('form.entry button').click();
  await page.waitForURL((url) => url.origin === origin());
}

/** Cancels the sign-in on TAXISnet's page. @param {import('playwright-core').Page} page */
export async function denyTaxisnet(page) {
  await page.waitForURL((url) => url.origin === sandbox());
  await page.locator('button[name=deny]').click();
  await page.waitForURL((url) => url.origin === origin());
}

/**
 * Signs in at TAXISnet. Afterwards the page is at `returnTo` and the session's stage is `otp`. Returns the one-time password.
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
 * Signs in and chooses a role. If the role is `citizen`, agrees to the text on personal data. Afterwards the page is at `returnTo`. Fills
 * in TAXISnet's page as a person does, but sends the one-time password, the role and the agreement with the page's `fetch`. The service's
 * forms for these three steps have separate tests.
 * @param {import('playwright-core').Page} page
 * @param {import('./people.mjs').Person} who
 * @param {{ role?: 'citizen' | 'photographer' | 'kep_clerk', returnTo?: string }} [options]
 */
export async function signIn(page, who, { role = 'citizen', returnTo = '/' } = {}) {
  const otp = await upToOtp(page, who, { returnTo });
  await finishSignIn((...call) => callFrom(page, ...call), otp, role);
  await page.goto(returnTo);
}

/**
 * Waits until the page has been redirected to the home page, after the sign-out of the service and of TAXISnet. The page already shows the
 * button for signing in before it goes to TAXISnet, so this button is no sign that the redirect is over.
 */
export async function untilSignedOut(page, button) {
  await page.waitForURL((url) => url.origin === origin() && url.pathname === '/');
  await page.getByRole('button', { name: button }).waitFor();
}

/** Calls the API with the page's own `fetch` and cookies. Throws if the response has another status than `status`. */
export async function callFrom(page, method, path, status, body) {
  const response = await page.evaluate(
    async ([method, path, body]) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    },
    [method, path, body],
  );
  if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} instead of ${status}: ${response.text.slice(0, 600)}`);
  return response.text === '' ? null : JSON.parse(response.text);
}
