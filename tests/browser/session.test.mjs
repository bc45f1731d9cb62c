// Tests signing in and signing out on the pages.

import assert from 'node:assert/strict';
import { axe, callFrom, denyTaxisnet, inbox, issue, passTaxisnet, person, sandbox, signIn, test, upToOtp } from './lib/index.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

test('a citizen signs in from the start page with TAXISnet, password and consent, and signs out', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'el', viewport: 'phone' });
  await page.goto('/');
  await heading(page, 'Η φωτογραφία και η υπογραφή σας, μία φορά για δημόσια έγγραφα');
  await axe(page);
  const before = await inbox.lastSeq(who.mobile);
  await page.getByRole('button', { name: 'Σύνδεση με TAXISnet' }).click();
  await passTaxisnet(page, who);
  const otp = await inbox.otp(who.mobile, before);

  await heading(page, 'Κωδικός μίας χρήσης');
  assert.match(await page.locator('main').innerText(), new RegExp(`λήγει σε ${who.mobile.slice(-4)}`));
  await axe(page);

  // Enters no password, and then a wrong one. The page reports each error at the field, and moves the focus to the message.
  await page.getByRole('button', { name: 'Συνέχεια' }).click();
  await page.getByRole('alert').filter({ hasText: 'Γράψτε τα 6 ψηφία' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'alert');
  await page.getByLabel('Κωδικός μίας χρήσης').fill(otp === '000000' ? '000001' : '000000');
  await page.getByRole('button', { name: 'Συνέχεια' }).click();
  await page.getByRole('alert').filter({ hasText: 'δεν είναι σωστός' }).waitFor();
  await page.getByText('Απομένουν 2 προσπάθειες', { exact: false }).first().waitFor();
  await axe(page);

  // Requests a new password, which invalidates the first.
  const last = await inbox.lastSeq(who.mobile);
  await page.getByRole('button', { name: 'Αποστολή νέου κωδικού' }).click();
  await page.getByRole('status').filter({ hasText: 'Στείλαμε νέο κωδικό' }).waitFor();
  const second = await inbox.otp(who.mobile, last);
  // After a reload the page shows the same step.
  await page.reload();
  await heading(page, 'Κωδικός μίας χρήσης');
  await page.getByLabel('Κωδικός μίας χρήσης').fill(` ${second.slice(0, 3)} ${second.slice(3)} `);
  await page.keyboard.press('Enter');

  await heading(page, 'Καλώς ορίσατε');
  for (const text of [who.first_name, who.last_name, who.afm]) await page.getByText(text, { exact: true }).waitFor();
  await page.getByText('Τα προσωπικά σας δεδομένα στο myPhoto').waitFor();
  await axe(page);
  // The consent text changes with the language of the page.
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Your personal data in myPhoto' }).waitFor();
  await page.getByRole('button', { name: 'Ελληνικά' }).click();
  await page.getByRole('button', { name: 'Έλαβα γνώση' }).click();
  await page.waitForURL('**/people');

  // Signs out of the service and of TAXISnet. After that the pages require a new sign-in.
  await page.getByRole('button', { name: 'Μενού' }).click();
  await page.getByRole('button', { name: 'Αποσύνδεση' }).click();
  await page.getByRole('button', { name: 'Σύνδεση με TAXISnet' }).waitFor();
  await page.goto('/people');
  await heading(page, 'Συνδεθείτε για να συνεχίσετε');
  await axe(page);
});

test('a whole message pasted into the field of the password leaves the six digits, and the code is found in one too', async ({ newPage }) => {
  const who = await person();
  const [page] = await Promise.all([newPage({ language: 'el' }), issue({ recipient: who.mobile })]);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const paste = async (field, text) => {
    await page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await field.press('ControlOrMeta+v');
  };
  const otp = await upToOtp(page, who, { returnTo: '/people/self/code' });
  const sms = (await inbox.messages(who.mobile)).find(({ text }) => text.includes(otp));

  await heading(page, 'Κωδικός μίας χρήσης');
  const password = page.getByLabel('Κωδικός μίας χρήσης');
  assert.equal(await password.getAttribute('autocomplete'), 'one-time-code');
  await paste(password, sms.text);
  assert.equal(await password.inputValue(), otp);
  await page.getByRole('button', { name: 'Συνέχεια' }).click();
  await page.getByRole('button', { name: 'Έλαβα γνώση' }).click();

  await heading(page, 'Υποβολή κωδικάριθμου');
  await paste(page.getByLabel('Κωδικάριθμος'), (await inbox.codeMessage(who.mobile)).text);
  await page.getByText('Μπορείτε να συνεχίσετε').waitFor();
  await page.getByRole('button', { name: 'Συνέχεια' }).click();
  await heading(page, 'Είναι αυτές οι φωτογραφίες σας;');
});

test('a person who does not agree is signed out and informed', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  const otp = await upToOtp(page, who, { returnTo: '/people' });
  await page.getByLabel('One-time password').fill(otp);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Welcome');
  await page.getByRole('button', { name: 'I do not agree' }).click();
  await page.getByRole('dialog', { name: 'End the session?' }).waitFor();
  await axe(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertFocused(page.getByRole('button', { name: 'I do not agree' }), 'the focus returns to the button');
  await page.getByRole('button', { name: 'I do not agree' }).click();
  await page.getByRole('button', { name: 'I do not agree, sign me out' }).click();
  await heading(page, 'You did not agree');
  await callFrom(page, 'GET', '/v1/session', 401);
});

test('a tab follows another tab in which somebody else signs in or the user signs out', async ({ newPage }) => {
  const first = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop', errors: [/ERR_INTERNET_DISCONNECTED/] });
  await signIn(page, first, { returnTo: '/people/self' });
  await page.getByText(new RegExp(first.last_name)).first().waitFor();
  const other = await page.context().newPage();
  const second = await person();
  await signIn(other, second, { returnTo: '/people' });
  await page.getByText(new RegExp(second.last_name)).first().waitFor();
  assert.equal(await page.getByText(new RegExp(first.last_name)).count(), 0);
  await other.route('**/v1/session', (route) => (route.request().method() === 'DELETE' ? route.abort('internetdisconnected') : route.continue()));
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('dialog', { name: 'You are not signed out' }).waitFor();
  await other.unroute('**/v1/session');
  await other.getByRole('button', { name: 'Try again' }).click();
  await heading(page, 'You are signed out');
});

test('three wrong passwords end the sign-in, and the page leads to a new one', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'en' });
  await page.goto('/#code=adEC3wlknv5LcQn5W65twA');
  await page.getByText('Your code number was read').waitFor();
  assert.ok(!page.url().includes('adEC3'));
  const otp = await upToOtp(page, who, { returnTo: '/people' });
  const wrong = otp === '111111' ? '222222' : '111111';
  for (const left of [2, 1, 0]) {
    await page.getByLabel('One-time password').fill(wrong);
    await page.getByRole('button', { name: 'Continue' }).click();
    if (left > 0) await page.getByText(left === 1 ? '1 try left' : '2 tries left', { exact: false }).first().waitFor();
  }
  await page.locator('[data-problem=otp_exhausted]').waitFor();
  await axe(page);
  await page.getByRole('button', { name: 'Sign in anew' }).click();
  const before = await inbox.lastSeq(who.mobile);
  await passTaxisnet(page, who);
  await heading(page, 'One-time password');
  await page.getByLabel('One-time password').fill(await inbox.otp(who.mobile, before));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'I have taken note' }).click();
  await page.getByText('code number', { exact: false }).first().waitFor();
  // The tab still stores the code number from the link.
  assert.ok(await page.evaluate(() => sessionStorage.getItem('code')?.includes('adEC3wlknv5LcQn5W65twA')));
});

test('pages explain a cancelled sign-in and a missing mobile number, and what to do', async ({ newPage }) => {
  const page = await newPage({ language: 'el' });
  await page.goto('/v1/sign-in?return_to=/people');
  await denyTaxisnet(page);
  await heading(page, 'Η σύνδεση δεν ολοκληρώθηκε');
  await page.locator('[data-problem=sign_in_refused]').waitFor();
  await page.getByRole('button', { name: 'Δοκιμάστε ξανά' }).click();
  await passTaxisnet(page, await person('no_mobile'));
  await page.locator('[data-problem=no_confirmed_mobile]').waitFor();
  assert.equal(await page.getByRole('link', { name: /emep\.gov\.gr/ }).getAttribute('href'), 'https://emep.gov.gr');
  await axe(page);
  await page.getByRole('button', { name: 'English' }).click();
  await heading(page, 'Signing in was not completed');
  await axe(page);
});

test('an error of TAXISnet has words of its own', async ({ newPage }) => {
  const page = await newPage({ language: 'en' });
  for (const [error, problem, text] of [
    ['server_error', 'taxisnet_unavailable', 'TAXISnet cannot complete the sign-in'],
    ['temporarily_unavailable', 'taxisnet_unavailable', 'TAXISnet cannot complete the sign-in'],
    ['invalid_scope', 'taxisnet_unavailable', 'TAXISnet cannot complete the sign-in'],
    ['access_denied', 'sign_in_refused', 'cancelled or refused'],
  ]) {
    await page.goto('/v1/sign-in?return_to=/people');
    await page.waitForURL((url) => url.origin === sandbox());
    const state = new URL(page.url()).searchParams.get('state');
    await page.goto(`/v1/sign-in/callback?${new URLSearchParams({ error, state })}`);
    await page.locator(`[data-problem=${problem}]`).filter({ hasText: text }).waitFor();
  }
});

test('going back and forward after signing out shows nothing private', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  await signIn(page, who, { returnTo: '/people' });
  await page.getByRole('link', { name: new RegExp(who.last_name) }).click();
  await heading(page, 'Your photos');
  await page.goto('/people/self/history');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with TAXISnet' }).waitFor();
  const isPrivate = async () => (await page.locator('body').innerText()).includes(who.last_name);
  for (const step of ['goBack', 'goBack', 'goBack', 'goForward', 'goForward']) {
    await page[step]({ waitUntil: 'commit' });
    assert.equal(await isPrivate(), false, `at once after ${step}`);
    await page.waitForTimeout(500);
    assert.equal(await isPrivate(), false, `later after ${step}`);
  }
});

// Playwright turns the browser's back/forward cache off, so this test dispatches the events of the cache itself.
test('a page that returns from the cache of the browser shows nothing private until the session is checked', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  await signIn(page, who, { returnTo: '/people' });
  const name = page.getByRole('link', { name: new RegExp(who.last_name) });
  await name.waitFor();
  const isBlank = async () => !(await page.locator('body').innerText()).includes(who.last_name);
  const dispatch = (type) => page.evaluate((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);

  // First case: the session still exists when the page returns.
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/v1/session', async (route) => {
    await released;
    await route.continue();
  });
  await dispatch('pagehide');
  assert.ok(await isBlank(), 'the page is blank before the browser stores it');
  await dispatch('pageshow');
  assert.ok(await isBlank(), 'the page is blank until the session is checked');
  release();
  await name.waitFor();
  await page.unroute('**/v1/session');

  // Second case: the session has ended before the page returns.
  await callFrom(page, 'DELETE', '/v1/session', 200);
  await dispatch('pagehide');
  await dispatch('pageshow');
  await page.getByRole('button', { name: 'Sign in with TAXISnet' }).waitFor();
  assert.ok(await isBlank());
});

test('a computer whose clock is a day wrong shows the same days left and does not end the session', async ({ newPage }) => {
  const who = await person();
  const { code } = await issue({ recipient: who.mobile });
  const days = [];
  for (const wrong of [0, -1, 1]) {
    const page = await newPage({ language: 'en' });
    await page.clock.install({ time: Date.now() + wrong * 86_400_000 });
    await signIn(page, who);
    if (wrong === 0) {
      await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code });
      const { consent } = await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
      await callFrom(page, 'PUT', '/v1/subjects/self/association', 201, { version: consent.version, agree: true });
    }
    await page.goto('/people/self');
    days.push(await page.locator('.remaining').innerText());
    await page.clock.fastForward('00:30');
    assert.equal(await page.getByRole('dialog').count(), 0);
  }
  assert.equal(new Set(days).size, 1, days.join('; '));
});

test('a photographer chooses a role, is informed about pages of another role, and switches without signing in again', async ({ newPage }) => {
  const who = await person('photographer');
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  const otp = await upToOtp(page, who, { returnTo: '/photographer' });
  await page.getByLabel('One-time password').fill(otp);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'In which role are you signing in?');
  await axe(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'Choose a role.' }).waitFor();
  await page.getByLabel(who.businesses[0].name).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('navigation').getByText(who.businesses[0].name).waitFor();
  assert.equal(new URL(page.url()).pathname, '/photographer');

  await page.goto('/people/self');
  await heading(page, 'This page is for another role');
  await axe(page);
  await page.getByRole('link', { name: 'Change role' }).click();
  await page.getByLabel('Citizen').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Welcome');
});

test('a session about to end shows a warning and can be extended, and after its end a new sign-in returns to the same page', async ({ newPage }) => {
  const who = await person();
  const page = await newPage({ language: 'el', viewport: 'desktop' });
  await page.clock.install();
  await signIn(page, who, { returnTo: '/about' });
  await page.getByRole('button', { name: 'Αποσύνδεση' }).waitFor();
  const dialog = page.getByRole('dialog', { name: 'Η σύνδεσή σας λήγει σύντομα' });
  await page.clock.fastForward('24:00');
  assert.equal(await dialog.count(), 0);
  await page.clock.fastForward('04:00');
  await dialog.waitFor();
  await axe(page);
  const extended = page.waitForResponse('**/v1/session');
  await page.getByRole('button', { name: 'Συνέχιση σύνδεσης' }).click();
  assert.equal((await extended).status(), 200);
  await dialog.waitFor({ state: 'detached' });
  await page.clock.fastForward('24:00');
  assert.equal(await dialog.count(), 0, 'the session lasts as long as a new one');

  // Activity in another tab also extends the session in this tab. Without activity in any tab the session ends, and a new sign-in returns
  // to the same page.
  const other = await page.context().newPage();
  await other.goto('/about');
  await other.getByRole('button', { name: 'Αποσύνδεση' }).waitFor();
  await other.close();
  await page.clock.fastForward('04:00');
  assert.equal(await dialog.count(), 0, 'activity in the other tab extended the session');
  await page.goto('/people/self');
  await page.getByRole('button', { name: 'Αποσύνδεση' }).waitFor();
  await page.clock.fastForward('29:30');
  await heading(page, 'Η σύνδεσή σας έληξε');
  await axe(page);
  await page.getByRole('button', { name: 'Σύνδεση με TAXISnet' }).click();
  await passTaxisnet(page, who);
  await heading(page, 'Κωδικός μίας χρήσης');
  assert.equal(new URL(page.url()).pathname, '/people/self');
});

test('pages explain a failing or unreachable service and offer to try again', async ({ newPage }) => {
  const page = await newPage({ language: 'en', statuses: [503], errors: [/503|ERR_/] });
  let respond = (route) => route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>Service Unavailable</h1>' });
  await page.route('**/v1/session', (route) => respond(route));
  await page.goto('/people');
  await page.getByRole('alert').filter({ hasText: 'Something went wrong with the service' }).waitFor();
  await axe(page);
  respond = (route) => route.abort('connectionreset');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').filter({ hasText: 'The connection was interrupted' }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').filter({ hasText: 'There is no internet connection' }).waitFor();
  await page.context().setOffline(false);
  respond = (route) => route.continue();
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, 'Sign in to continue');
});

test('without a network the page says so, even if it must be loaded again', async ({ newPage }) => {
  const page = await newPage({ language: 'el', serviceWorker: true, errors: [/ERR_INTERNET_DISCONNECTED/] });
  await page.goto('/');
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.getByRole('status').filter({ hasText: 'Δεν υπάρχει σύνδεση' }).waitFor();
  await page.goto('/people').catch(() => undefined);
  await page.getByRole('heading', { name: 'Δεν υπάρχει σύνδεση με το διαδίκτυο' }).waitFor();
  await axe(page);
  await page.context().setOffline(false);
  // The page reloads automatically when the connection is back.
  await heading(page, 'Συνδεθείτε για να συνεχίσετε');
});

test('with reduced motion nothing on the page changes gradually, and in forced colours buttons have a border', async ({ newPage }) => {
  const page = await newPage({ language: 'en' });
  await page.goto('/');
  const signInButton = page.getByRole('button', { name: 'Sign in with TAXISnet' });
  await signInButton.waitFor();
  const durations = [];
  for (const reducedMotion of ['no-preference', 'reduce']) {
    await page.emulateMedia({ reducedMotion });
    durations.push(
      await page.evaluate(() => {
        const icon = document.body.appendChild(Object.assign(document.createElement('span'), { className: 'govgr-svg-icon' }));
        const { transitionDuration } = getComputedStyle(icon);
        icon.remove();
        return transitionDuration;
      }),
    );
  }
  assert.deepEqual(durations, ['0.15s', '0s']);
  await page.emulateMedia({ forcedColors: 'active' });
  assert.deepEqual(await signInButton.evaluate((button) => [getComputedStyle(button).borderTopStyle, getComputedStyle(button).borderTopWidth]), ['solid', '2px']);
});

test('without JavaScript the page says what it needs', async ({ newPage }) => {
  const page = await newPage({ javaScript: false });
  await page.goto('/');
  const notice = page.locator('noscript p');
  await notice.first().waitFor();
  assert.match(await notice.first().innerText(), /χρειάζεται JavaScript/);
  const box = await notice.first().boundingBox();
  assert.ok(box.y < 200, 'the text is at the top of the page');
});

test('a page whose files belong to an older version says so and can be reloaded', async ({ newPage }) => {
  const page = await newPage({ language: 'en' });
  await page.goto('/');
  await page.route('**/assets/about*', (route) => route.fulfill({ status: 404, body: '' }));
  await page.getByRole('link', { name: 'About' }).click();
  await heading(page, 'The page was not loaded');
  await axe(page);
  await page.unroute('**/assets/about*');
  await page.getByRole('button', { name: 'Load again' }).click();
  await heading(page, 'About myPhoto');
});
