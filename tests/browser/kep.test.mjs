// Tests a KEP clerk's pages, and the page on which the person later reads what the clerk did. Checks every page in both languages: with
// axe, on narrow screens and with large text.

import assert from 'node:assert/strict';
import { before, describe } from 'node:test';
import { assertFits, axe, callFrom, eventually, inbox, issue, minor, origin, person, signIn, test } from './lib/index.mjs';
import { seed } from './public_body.mjs';

before(seed);

const button = (page, name) => page.getByRole('button', { name, exact: true });
const link = (page, name) => page.getByRole('link', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const path = (page) => new URL(page.url()).pathname;
const nameOf = (who) => `${who.first_name} ${who.last_name}`;

/** Checks accessibility and layout in both languages. */
async function check(page) {
  for (const turn of [1, 2]) {
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await axe(page);
    await assertFits(page);
    const title = await page.locator('h1').textContent();
    await page.locator('.header-actions button[lang]').click();
    if (turn === 1) await page.waitForFunction((title) => document.querySelector('h1')?.textContent !== title, title);
  }
  await page.locator('.loading').first().waitFor({ state: 'detached' });
}

/**
 * Signs in as a clerk, and opens a case with the page's own `fetch` instead of the form. Returns the handle of the case and the person's
 * one-time password.
 */
async function openCase(page, clerk, who, number) {
  await signIn(page, clerk, { role: 'kep_clerk', returnTo: '/kep' });
  const before = await inbox.lastSeq(who.mobile);
  const opened = await callFrom(page, 'POST', '/v1/kep/cases', 201, { person: { kind: 'afm', value: who.afm }, document: { kind: 'passport', last_four: '4567' }, application_number: number });
  return { handle: opened.handle, otp: await inbox.otp(who.mobile, before) };
}

/** Opens a case like `openCase`, proves the person's presence and records the agreement. Returns the handle of the case. */
async function readyCase(page, clerk, who, number) {
  const { handle, otp } = await openCase(page, clerk, who, number);
  const proven = await callFrom(page, 'PUT', `/v1/kep/cases/${handle}/presence`, 200, { otp });
  if (proven.stage === 'consent') await callFrom(page, 'POST', '/v1/session/consent', 200, { version: proven.consent.version, agree: true, case: handle });
  return handle;
}

/** Associates photos with the person at the counter. Calls the API instead of using the pages. */
async function associate(page, handle, code) {
  await callFrom(page, 'POST', `/v1/subjects/${handle}/submissions`, 200, { code });
  const { consent } = await callFrom(page, 'POST', `/v1/subjects/${handle}/submissions/current/confirmation`, 200, {});
  await callFrom(page, 'PUT', `/v1/subjects/${handle}/association`, 201, { version: consent.version, agree: true });
}

/** Returns the page's title, its document and its browser storage as text. */
const everything = (page) => page.evaluate(() => [document.title, document.documentElement.outerHTML, JSON.stringify({ ...sessionStorage, ...localStorage })].join('\n'));

async function assertNothingOf(page, who, when) {
  const text = await everything(page);
  for (const secret of [who.last_name, who.afm]) assert.ok(!text.includes(secret), `${when}: the page contains ${secret}`);
  assert.ok(!/src="(blob|data):/.test(text), `${when}: the page contains a picture`);
}

describe('the clerk of a KEP', { concurrency: true }, () => {
  test('a clerk serves a person with the keyboard, from the identity document to the receipt, and the person reads about it at home', async ({ newPage }) => {
    const [clerk, who] = await Promise.all([person('kep_clerk'), person()]);
    const [office] = clerk.offices;
    const [{ code }, child, page] = await Promise.all([issue({ recipient: who.mobile }), minor(who), newPage({ viewport: 'desktop' })]);
    await signIn(page, clerk, { role: 'kep_clerk', returnTo: '/' });
    await heading(page, 'Νέα εξυπηρέτηση');
    assert.equal(path(page), '/kep');
    await button(page, 'Άνοιγμα εξυπηρέτησης').click();
    await page.locator('.govgr-error-summary:focus').getByText('Επιλέξτε το έγγραφο').waitFor();
    await check(page);

    // Fills in the form with the keyboard only (Tab, arrow keys, Space, Enter), beginning with the number field.
    const before = await inbox.lastSeq(who.mobile);
    await page.locator('#number').focus();
    await page.keyboard.insertText(`ΑΦΜ: ${who.afm.slice(0, 3)} ${who.afm.slice(3, 6)} ${who.afm.slice(6)}`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.insertText('ab 12');
    await page.keyboard.press('Tab');
    await page.keyboard.insertText('1234/30-11-2026');
    await page.keyboard.press('Enter');

    await heading(page, 'Έλεγχος του πολίτη');
    const compared = page.locator('.compared');
    for (const text of [who.first_name, who.last_name]) await compared.getByText(text, { exact: true }).waitFor();
    const bar = page.getByRole('region', { name: 'Ανοιχτή εξυπηρέτηση' });
    // Without `exact`, Playwright compares texts in lowercase. Σ at the end of the name becomes ς, but it becomes σ if the text of the next
    // element follows without a space.
    await bar.getByText(nameOf(who), { exact: true }).waitFor();
    for (const text of [office.name, 'Αίτηση 1234/30-11-2026']) await bar.getByText(text).waitFor();
    assert.match(await bar.getByRole('timer').textContent(), /^(20:00|19:\d\d)$/);
    const otp = await inbox.otp(who.mobile, before);
    assert.match((await inbox.messages(who.mobile, before))[0].text, /Πείτε τον μόνο στον υπάλληλο/);
    await check(page);
    await page.getByText('με SMS στα ελληνικά').waitFor();
    await page.getByText(`λήγει σε ${who.mobile.slice(-4)}`).waitFor();
    await page.locator('#otp').fill(otp === '000000' ? '000001' : '000000');
    await page.keyboard.press('Enter');
    await page.getByText('Απομένουν 2 προσπάθειες').first().waitFor();
    await page.locator('#otp').fill(`${otp.slice(0, 3)} ${otp.slice(3)}`);
    await page.keyboard.press('Enter');

    await heading(page, 'Συγκατάθεση του πολίτη');
    await check(page);
    await page.evaluate(() => (window.print = () => (window.printed = true)));
    await button(page, 'Εκτύπωση του κειμένου').click();
    assert.ok(await page.evaluate(() => window.printed));
    await page.emulateMedia({ media: 'print' });
    const paper = await page.locator('body').innerText();
    for (const text of [nameOf(who), office.name, '1234/30-11-2026', 'Υπογραφή']) assert.ok(paper.includes(text), `the paper has ${text}`);
    for (const text of ['Αποσύνδεση', 'Συγκατάθεση του πολίτη', 'έχει υπογράψει', clerk.last_name]) assert.ok(!paper.includes(text), `the paper does not have ${text}`);
    await page.emulateMedia({ media: 'screen' });
    await button(page, 'Συνέχεια').click();
    await page.locator('.govgr-error-summary:focus').getByText('έχει υπογράψει').waitFor();
    await page.locator('#signed').check();
    await button(page, 'Συνέχεια').click();

    await heading(page, 'Επισκόπηση εξυπηρέτησης');
    await page.getByText('Συγκατάθεση για τα προσωπικά δεδομένα').waitFor();
    await check(page);
    await link(page, 'Προσθήκη ανηλίκου').click();
    await heading(page, 'Προσθήκη ανηλίκου');
    await page.getByText('ο πολίτης που εξυπηρετείτε έχει την επιμέλεια').waitFor();
    await page.getByLabel('ΑΜΚΑ', { exact: true }).check();
    await page.locator('#number').fill(child.amka);
    await page.keyboard.press('Enter');
    await heading(page, 'Οι φωτογραφίες του ανηλίκου');
    await link(page, 'Επιστροφή στην εξυπηρέτηση').click();
    await link(page, nameOf(who)).click();

    await heading(page, 'Οι φωτογραφίες του πολίτη');
    const handle = path(page).split('/')[2];
    for (const absent of ['Ιστορικό εξουσιοδοτήσεων', 'Ποιος άντλησε τις φωτογραφίες', 'Υπενθύμιση πριν από τη λήξη', 'Τα δεδομένα μου', 'Επισκέψεις σε ΚΕΠ']) assert.equal(await link(page, absent).count(), 0, absent);
    for (const refused of ['history', 'accesses', 'data', 'reminder', 'visits']) {
      await page.goto(`/people/${handle}/${refused}`);
      await heading(page, 'Δεν γίνεται σε ΚΕΠ');
    }
    await check(page);
    await page.goto('/people/self');
    await heading(page, 'Η σελίδα είναι άλλης εξυπηρέτησης');
    await page.goto(`/people/${handle}`);
    await link(page, 'Υποβολή κωδικάριθμου').click();
    await page.getByText('ακόμη 5 διαφορετικούς').waitFor();
    await page.getByLabel('Κωδικάριθμος').fill(code);
    await page.keyboard.press('Enter');
    await heading(page, 'Είναι αυτές οι σωστές φωτογραφίες;');
    assert.ok(!(await page.title()).includes(who.last_name), 'the browser history keeps titles, so they have no name');
    await check(page);
    await button(page, 'Ναι, είναι του πολίτη').click();
    await heading(page, 'Συσχέτιση φωτογραφιών');
    await check(page);
    await page.locator('#agree').check();
    await button(page, 'Συσχέτιση').click();
    await heading(page, 'Οι φωτογραφίες συσχετίστηκαν');
    assert.equal(await page.getByText('Δηλώστε email').count(), 0);
    await link(page, 'Εξουσιοδότηση εφαρμογών').click();
    await page.getByLabel('Διαβατήρια').check();
    await button(page, 'Εξουσιοδότηση').click();
    await page.getByText('Οι εφαρμογές εξουσιοδοτήθηκαν').waitFor();
    await check(page);

    await link(page, 'Επισκόπηση').click();
    await heading(page, 'Επισκόπηση εξυπηρέτησης');
    await page.getByText('Εξουσιοδότηση: Διαβατήρια').waitFor();
    await page.goto('/role');
    await heading(page, 'Υπάρχει ανοιχτή εξυπηρέτηση');
    await page.goto('/people');
    await heading(page, 'Επισκόπηση εξυπηρέτησης');
    const receipt = await page.getByRole('link', { name: /Αποδεικτικό για εκτύπωση/ }).getAttribute('href');
    const pdf = await page.evaluate(async (url) => {
      const response = await fetch(url);
      return { status: response.status, type: response.headers.get('content-type'), start: (await response.text()).slice(0, 5) };
    }, receipt);
    assert.deepEqual(pdf, { status: 200, type: 'application/pdf', start: '%PDF-' });

    const sent = await inbox.lastSeq(who.mobile);
    await page.locator('main').getByRole('button', { name: 'Κλείσιμο εξυπηρέτησης' }).press('Enter');
    await page.getByRole('dialog').getByText('Συσχέτιση φωτογραφιών').waitFor();
    await axe(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('main').getByRole('button', { name: 'Κλείσιμο εξυπηρέτησης' }).press('Enter');
    await button(page, 'Ναι, κλείσιμο').press('Enter');
    await heading(page, 'Η εξυπηρέτηση έκλεισε');
    await page.getByText('λαμβάνει SMS').waitFor();
    await assertNothingOf(page, who, 'after closing');
    await check(page);
    const message = await inbox.waitFor(who.mobile, { after: sent, timeout: 180_000, matches: ({ text }) => text.includes('1234/30-11-2026') });
    assert.ok(message.text.includes(office.name), message.text);
    await button(page, 'Νέα εξυπηρέτηση').click();
    await heading(page, 'Νέα εξυπηρέτηση');
    for (const id of ['number', 'lastFour', 'applicationNumber']) assert.equal(await page.locator(`#${id}`).inputValue(), '');

    const home = await newPage();
    await signIn(home, who, { returnTo: '/people/self' });
    await link(home, 'Επισκέψεις σε ΚΕΠ').click();
    await heading(home, 'Επισκέψεις σε ΚΕΠ');
    const row = home.getByRole('row').filter({ hasText: 'Αίτηση 1234/30-11-2026' });
    for (const text of [office.name, 'Με κωδικό μίας χρήσης', 'Διαβατήριο που λήγει σε AB12', 'Συσχέτιση φωτογραφιών', 'Εξουσιοδότηση: Διαβατήρια']) await row.getByText(text).first().waitFor();
    assert.ok(!(await home.content()).includes(clerk.last_name), "the clerk's name is not shown");
    await check(home);
    await home.goto('/people/self/history');
    await home.getByText(`Έγινε στο ${office.name}, αίτηση 1234/30-11-2026`).waitFor();
    await check(home);
  });

  test('a case that is closed in another tab leaves nothing of the person in this one, nor in its history', async ({ newPage }) => {
    const [clerk, who] = await Promise.all([person('kep_clerk'), person()]);
    const [{ code }, page] = await Promise.all([issue({ recipient: who.mobile }), newPage({ language: 'en', viewport: 'desktop', errors: [/ERR_FILE_NOT_FOUND/] })]);
    const handle = await readyCase(page, clerk, who, '55/2026');
    await associate(page, handle, code);
    // Each `goto` loads a separate document. Links that the test clicks later add entries of the same document to the history.
    await page.goto(`/people/${handle}`);
    await page.goto('/kep');
    await heading(page, 'Overview of the case');
    const other = await page.context().newPage();
    await other.goto('/kep');
    await heading(other, 'Overview of the case');
    await link(page, nameOf(who)).click();
    await page.waitForFunction(() => [...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth > 0).length === 2);
    const urls = await page.locator('.picture img').evaluateAll((images) => images.map((image) => image.src));
    assert.ok(urls.every((url) => url.startsWith('blob:')), urls.join());
    await button(other, 'Close').click();
    await button(other, 'Yes, close it').click();
    await heading(page, 'The case has been closed');
    assert.equal(path(page), '/kep');
    const load = (url) => new Promise((done) => Object.assign(new Image(), { onload: () => done(true), onerror: () => done(false), src: url }));
    for (const url of urls) assert.equal(await page.evaluate(load, url), false, 'the pictures are released');
    await assertNothingOf(page, who, 'after the other tab has closed the case');
    await assertNothingOf(other, who, 'in the tab that closed it');
    const entries = await page.evaluate(() => history.length);
    for (const step of [...Array(entries).fill('goBack'), ...Array(entries).fill('goForward')]) {
      await page[step]({ waitUntil: 'commit' }).catch(() => undefined);
      // Skips the sandbox's sign-in page, which is also in the history. That page shows the names of people of the sandbox.
      if (!page.url().startsWith(origin())) continue;
      await assertNothingOf(page, who, `at once after ${step}`);
      await page.waitForTimeout(300);
      await assertNothingOf(page, who, `later after ${step}`);
    }
    // After the clerk has opened the next person's case, a URL of the earlier case no longer shows the earlier person.
    const next = await person();
    const second = await readyCase(other, clerk, next, '56/2026');
    await other.goto(`/people/${handle}`);
    await heading(other, 'This page belongs to another case');
    await assertNothingOf(other, who, 'in the next case');
    await other.goto(`/people/${second}`);
    await heading(other, "The person's photos");
    await other.getByText('There are no photos yet').waitFor();
  });

  test('a case announces its last 5 minutes and its last minute, and ends by itself', async ({ newPage }) => {
    const [clerk, who] = await Promise.all([person('kep_clerk'), person()]);
    const page = await newPage({ language: 'en', viewport: 'desktop', colorScheme: 'dark' });
    await page.clock.install();
    // The page corrects its clock by the `Date` header of responses. This script hides the header, so that the page uses the test's clock.
    await page.addInitScript(() => {
      const { get } = Headers.prototype;
      Headers.prototype.get = function (name) {
        return name === 'Date' ? null : get.call(this, name);
      };
    });
    await readyCase(page, clerk, who, '57/2026');
    await page.goto('/kep');
    await heading(page, 'Overview of the case');
    const bar = page.getByRole('region', { name: 'Open case' });
    assert.equal((await bar.getByRole('status').first().textContent()).trim(), '');
    await page.clock.fastForward('15:01');
    await bar.getByRole('status').filter({ hasText: 'ends in 5 minutes or less' }).waitFor();
    await page.clock.fastForward('04:00');
    await bar.getByRole('status').filter({ hasText: 'ends in 1 minute or less' }).waitFor();
    await check(page);
    assert.ok(await bar.getByRole('status').filter({ hasText: 'ends in 1 minute or less' }).isVisible(), 'the checks ended before the case');
    await page.clock.fastForward('01:00');
    await heading(page, 'The case has expired');
    await page.getByText('The person gets an SMS').waitFor();
    await assertNothingOf(page, who, 'after the expiry');
    await check(page);
  });

  test('three wrong passwords in an SMS in English end the case, and a second case is not opened beside an open one', async ({ newPage }) => {
    const [clerk, who, next] = await Promise.all([person('kep_clerk'), person(), person()]);
    const page = await newPage({ language: 'en', viewport: 'desktop' });
    await signIn(page, clerk, { role: 'kep_clerk', returnTo: '/kep' });
    await heading(page, 'New case');
    const open = async (target, afm) => {
      await target.locator('#number').fill(afm);
      await target.getByLabel('Identity card').check();
      await target.locator('#lastFour').fill('1234');
      await target.locator('#applicationNumber').fill('58/2026');
      await target.keyboard.press('Enter');
    };
    await open(page, clerk.afm);
    await page.locator('[id=number-error]').waitFor();
    await axe(page);
    const before = await inbox.lastSeq(who.mobile);
    // English is chosen with the keyboard: Tab, arrow key, Enter.
    await page.locator('#number').fill(who.afm);
    await page.locator('#applicationNumber').focus();
    await page.keyboard.press('Tab');
    const chosen = () => page.evaluate(() => [document.activeElement.name, document.activeElement.value, document.activeElement.checked]);
    await eventually(async () => assert.deepEqual(await chosen(), ['language', 'el', true]));
    await page.keyboard.press('ArrowDown');
    await eventually(async () => assert.deepEqual(await chosen(), ['language', 'en', true]));
    await page.keyboard.press('Enter');
    await heading(page, 'Check the person');
    await page.getByText('by SMS in English').waitFor();
    const otp = await inbox.otp(who.mobile, before);
    const [sms] = await inbox.messages(who.mobile, before);
    assert.ok(sms.text.startsWith(`myPhoto: password ${otp}, valid for 5 minutes. Tell it only to the clerk serving you now at ${clerk.offices[0].name}`), sms.text);
    const wrong = otp === '111111' ? '222222' : '111111';
    for (const left of ['2 tries left', '1 try left']) {
      await page.locator('#otp').fill(wrong);
      await button(page, 'Continue').click();
      await page.getByText(left).first().waitFor();
    }
    await page.locator('#otp').fill(wrong);
    await button(page, 'Continue').click();
    await heading(page, 'The case was ended');
    await assertNothingOf(page, who, 'after three wrong passwords');
    await check(page);

    await button(page, 'New case').click();
    await heading(page, 'New case');
    assert.ok(await page.getByLabel('Greek', { exact: true }).isChecked(), 'the language of the last person is not kept for the next one');
    const other = await page.context().newPage();
    // Removes `BroadcastChannel`, as if the messages between the tabs arrived late.
    await other.addInitScript(() => delete globalThis.BroadcastChannel);
    await other.goto('/kep');
    await heading(other, 'New case');
    await open(page, next.afm);
    await heading(page, 'Check the person');
    await open(other, who.afm);
    await heading(other, 'Check the person');
    await other.getByText('This case was open already').waitFor();
    await other.locator('.compared').getByText(next.last_name, { exact: true }).waitFor();
    await button(page, 'They do not match: end the case').click();
    await page.getByRole('dialog').getByText('No SMS will be sent').waitFor();
    await button(page, 'Yes, close it').click();
    await heading(page, 'The case is closed');
  });

  test('a person without a mobile number is told where to register it', async ({ newPage }) => {
    const [clerk, who] = await Promise.all([person('kep_clerk'), person('no_mobile')]);
    const page = await newPage({ language: 'en', viewport: 'phone' });
    await signIn(page, clerk, { role: 'kep_clerk', returnTo: '/kep' });
    await page.locator('#number').fill(who.afm);
    await page.getByLabel('Identity card').check();
    await page.locator('#lastFour').fill('1234');
    await page.locator('#applicationNumber').fill('59/2026');
    await button(page, 'Open the case').click();
    await page.locator('.govgr-error-summary:focus').getByText('emep.gov.gr').waitFor();
    await axe(page);
    await page.goto('/people');
    await heading(page, 'New case');
  });
});
