// Tests the citizen's pages by making every journey as a person does. Checks every page with axe in both languages.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { assertFits, assertFocused, axe, callFrom, emailOf, inbox, issue, minor, origin, passTaxisnet, person, qrVideo, signIn, test, upToOtp } from './lib/index.mjs';
import { publicBody, seed } from './public_body.mjs';

/** A public body's application. Its purpose `driving_licence_renewal` permits it to pull the face photo and the signature. */
let body;
before(() => {
  seed();
  body = publicBody('driving_licence_renewal');
});
after(() => body?.withdraw());

const button = (page, name) => page.getByRole('button', { name, exact: true });
const link = (page, name) => page.getByRole('link', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const path = (page) => new URL(page.url()).pathname;

/** Checks accessibility and layout in both languages. If the variable SHOTS is set, writes screenshots to the folder that it names. */
async function check(page, name) {
  for (const turn of [1, 2]) {
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await axe(page);
    await assertFits(page);
    if (process.env.SHOTS) {
      mkdirSync(process.env.SHOTS, { recursive: true });
      const { width } = page.viewportSize();
      await page.screenshot({ path: join(process.env.SHOTS, `${name}-${width}-${await page.locator('html').getAttribute('lang')}.png`), fullPage: true });
    }
    const before = await page.locator('h1').textContent();
    await page.locator('.header-actions button[lang]').click();
    if (turn === 1) await page.waitForFunction((before) => document.querySelector('h1')?.textContent !== before, before);
  }
  await page.locator('.loading').first().waitFor({ state: 'detached' });
}

/** Adds whitespace to a code. A code that was copied from a message may contain some. */
const withBlanks = (code) => ` ${code.slice(0, 6)} ${code.slice(6, 14)}\t${code.slice(14)} `;

async function enterOtpAndConsent(page, otp, { submit, agree }) {
  await page.locator('#otp').fill(otp);
  await button(page, submit).click();
  await button(page, agree).click();
}

async function saved(page, press) {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

// Tests run concurrently, because they spend most of their time waiting for the stack.
describe('the citizen', { concurrency: true }, () => {
  test('a citizen on a phone in Greek submits a code, associates and uses the photos, dissociates, and associates them again', async ({ newPage }) => {
    const who = await person();
    const [{ code }, page] = await Promise.all([issue({ recipient: who.mobile }), newPage()]);
    const otp = await upToOtp(page, who, { returnTo: '/' });
    await enterOtpAndConsent(page, otp, { submit: 'Συνέχεια', agree: 'Έλαβα γνώση' });

    await heading(page, 'Για ποιον είναι οι φωτογραφίες;');
    await page.getByText('Χωρίς φωτογραφίες').waitFor();
    await check(page, 'people');
    await link(page, `${who.first_name} ${who.last_name}`).click();
    await heading(page, 'Οι φωτογραφίες σας');
    await check(page, 'home-empty');
    await link(page, 'Υποβολή κωδικάριθμου').click();

    await heading(page, 'Υποβολή κωδικάριθμου');
    await page.getByText('ακόμη 5 διαφορετικούς').waitFor();
    const field = page.getByLabel('Κωδικάριθμος');
    await button(page, 'Συνέχεια').click();
    await page.locator('.govgr-error-summary:focus').getByText('Κάποιοι λείπουν').waitFor();
    await field.fill(`${code.slice(0, 21)}B`);
    await page.getByText('Ο τελευταίος χαρακτήρας κάθε κωδικάριθμου').first().waitFor();
    await check(page, 'code-mistyped');
    await button(page, 'Σάρωση με την κάμερα').click();
    await page.getByText('Δεν επιτράπηκε η χρήση της κάμερας').waitFor();
    await axe(page);
    await button(page, 'Κλείσιμο').click();
    await field.fill(withBlanks(code));
    await page.getByText('Μπορείτε να συνεχίσετε').waitFor();
    // The page does not store a code that was typed, so that the next person at this computer does not find it.
    await page.reload();
    assert.equal(await field.inputValue(), '');
    assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).includes(code));
    await field.fill(withBlanks(code));
    await button(page, 'Συνέχεια').click();

    await heading(page, 'Είναι αυτές οι φωτογραφίες σας;');
    assert.equal(await page.locator('.picture img').count(), 2);
    await check(page, 'photos');
    await page.goto('/people/self/association');
    await page.getByText('Οι προεπισκοπήσεις δεν είναι πια στη σελίδα').waitFor();
    assert.equal(path(page), '/people/self/photos', 'photos that are not confirmed cannot be associated');
    await check(page, 'photos-reloaded');
    await link(page, 'Επανυποβολή').click();
    await field.fill(code);
    await button(page, 'Συνέχεια').click();
    await button(page, 'Ναι, είναι δικές μου').click();

    await heading(page, 'Συσχέτιση φωτογραφιών');
    await page.getByText(`ΑΦΜ ${who.afm}`).waitFor();
    await button(page, 'Συσχέτιση').click();
    await page.locator('.govgr-error-summary:focus').getByText('δηλώστε ότι συμφωνείτε').waitFor();
    await check(page, 'association');
    await page.locator('#agree').check();
    await button(page, 'Συσχέτιση').click();
    await heading(page, 'Οι φωτογραφίες συσχετίστηκαν');
    await check(page, 'associated');
    await link(page, 'Εξουσιοδότηση εφαρμογών').click();

    await heading(page, 'Εξουσιοδότηση εφαρμογών');
    await page.locator('[data-application="identity-card"]').getByText('προδιαγραφές').waitFor();
    await page.getByLabel('Διαβατήρια').check();
    await page.getByLabel(body.names.el).check();
    await page.getByText('2 επιλογές').waitFor();
    await check(page, 'applications');
    await button(page, 'Εξουσιοδότηση').click();

    await page.getByText('Οι εφαρμογές εξουσιοδοτήθηκαν').waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth > 0).length === 2);
    await check(page, 'home');
    const pulled = await body.pull(`afm:${who.afm}`, 'face', 'Α-118/2026');
    assert.equal(pulled.status, 200);
    await body.report(pulled.headers['pull-id'], { verdict: 'refused', reason: 'glasses', text: 'Τα γυαλιά αντανακλούν.' });

    await link(page, 'Ιστορικό εξουσιοδοτήσεων').click();
    await page.getByRole('cell').getByText(body.names.el).waitFor();
    assert.equal(await page.getByText('Σε ισχύ').count(), 2);
    await check(page, 'history');
    await link(page, 'Πίσω').click();
    await link(page, 'Ποιος άντλησε τις φωτογραφίες').click();
    await page.getByText('Α-118/2026').waitFor();
    await page.getByText('Τα γυαλιά αντανακλούν.').waitFor();
    await check(page, 'accesses');
    await page.goBack();

    const zip = await saved(page, () => button(page, 'Λήψη φωτογραφιών (zip)').click());
    assert.ok(zip.name.endsWith('.zip'));
    assert.equal(zip.bytes.subarray(0, 4).toString('latin1'), 'PK\x03\x04');
    for (const entry of ['PASSPORT_PROFILE.jpg', 'PASSPORT_SIGNATURE.jpg', 'QR.pdf']) assert.ok(zip.bytes.includes(`${code}_${entry}`), `${entry} is in the zip`);
    await page.getByText('Η λήψη ολοκληρώθηκε').waitFor();

    // With the keyboard: Escape closes the dialog, and the focus returns to the button.
    const revoke = button(page, `Ανάκληση εξουσιοδότησης: ${body.names.el}`);
    await revoke.press('Enter');
    await page.getByRole('dialog').waitFor();
    await axe(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await assertFocused(revoke);
    await revoke.press('Enter');
    await button(page, 'Ανάκληση').click();
    await page.getByText(`«${body.names.el}» ανακλήθηκε`).waitFor();
    assert.equal(await page.locator('.row-end').count(), 1);
    await assertFocused(page.locator('#authorized'));
    assert.equal((await body.pull(`afm:${who.afm}`, 'face', 'Α-119/2026')).status, 403);

    await link(page, 'Υπενθύμιση πριν από τη λήξη').click();
    await page.getByLabel('Email').fill('kati');
    await button(page, 'Αποθήκευση').click();
    await page.locator('.govgr-error-summary:focus').waitFor();
    await page.getByLabel('Email').fill(emailOf(who));
    await button(page, 'Αποθήκευση').click();
    await page.getByText('Η υπενθύμιση αποθηκεύτηκε.').waitFor();
    await check(page, 'reminder');
    await button(page, 'Κατάργηση υπενθύμισης').click();
    await page.getByText('Η υπενθύμιση καταργήθηκε').waitFor();
    await link(page, 'Πίσω').click();

    await link(page, 'Αποσυσχέτιση').click();
    await page.getByText(code, { exact: true }).waitFor();
    await button(page, 'Αποσυσχέτιση').click();
    await page.locator('.govgr-error-summary:focus').waitFor();
    await check(page, 'dissociation');
    await page.locator('#kept').check();
    await button(page, 'Αποσυσχέτιση').click();
    await heading(page, 'Οι φωτογραφίες αποσυσχετίστηκαν');
    assert.ok(!(await page.content()).includes(code), 'the code is no longer on the page');
    await check(page, 'dissociated');
    await page.goto('/people/self/dissociation');
    await page.getByText('Δεν υπάρχουν συσχετισμένες φωτογραφίες').waitFor();
    assert.equal(path(page), '/people/self');

    await link(page, 'Υποβολή κωδικάριθμου').click();
    await field.fill(code);
    await button(page, 'Συνέχεια').click();
    await button(page, 'Ναι, είναι δικές μου').click();
    await page.locator('#agree').check();
    await button(page, 'Συσχέτιση').click();
    await heading(page, 'Οι φωτογραφίες συσχετίστηκαν');

    await page.goto('/people/self/data');
    await check(page, 'data');
    const data = await saved(page, () => button(page, 'Λήψη δεδομένων (JSON)').click());
    const all = JSON.parse(data.bytes.toString());
    assert.deepEqual([all.person.afm, all.accesses.length, 'next' in all], [who.afm, 2, false]);
    await page.locator('#erase').check();
    await button(page, 'Οριστική διαγραφή').click();
    await heading(page, 'Οι φωτογραφίες διαγράφηκαν');
    await check(page, 'erased');
  });

  test('a code submitted before the photos were dissociated in another session must be submitted again', async ({ newPage }) => {
    const who = await person();
    const [{ code }, page, elsewhere] = await Promise.all([issue({ recipient: who.mobile }), newPage({ statuses: [404] }), newPage()]);
    const confirmed = async (page) => {
      await signIn(page, who, { returnTo: '/people/self' });
      await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code });
      const submission = await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
      return { version: submission.consent.version, agree: true };
    };
    await confirmed(page);
    await page.goto('/people/self/association');
    await heading(page, 'Συσχέτιση φωτογραφιών');
    await callFrom(elsewhere, 'PUT', '/v1/subjects/self/association', 201, await confirmed(elsewhere));
    await callFrom(elsewhere, 'DELETE', '/v1/subjects/self/association', 204);
    await page.locator('#agree').check();
    await button(page, 'Συσχέτιση').click();
    await heading(page, 'Υποβολή κωδικάριθμου');
    await page.getByText('δεν ισχύει πια').waitFor();
    await check(page, 'code-again');
    await page.getByLabel('Κωδικάριθμος').fill(code);
    await button(page, 'Συνέχεια').click();
    await heading(page, 'Είναι αυτές οι φωτογραφίες σας;');
  });

  test('the QR code of an email is read from its link while signed out, with the camera, and from a picture, on a desktop in English', async ({ newPage }) => {
    const who = await person();
    const { message, code, link: address } = await issue({ recipient: emailOf(who), language: 'en' });
    const png = inbox.qrPngOf(message);
    const video = join(mkdtempSync(join(tmpdir(), 'myphoto-')), 'qr.y4m');
    qrVideo(png, video);
    const page = await newPage({ language: 'en', viewport: 'desktop', camera: video });
    await page.goto(address);
    await page.getByText('Your code number was read').waitFor();
    assert.ok(!page.url().includes(code), 'the code is removed from the URL');
    const seen = await inbox.lastSeq(who.mobile);
    await button(page, 'Sign in with TAXISnet').click();
    await passTaxisnet(page, who);
    await enterOtpAndConsent(page, await inbox.otp(who.mobile, seen), { submit: 'Continue', agree: 'I have taken note' });
    await heading(page, 'For whom is the code number?');
    await check(page, 'people-code');
    await link(page, `${who.first_name} ${who.last_name}`).click();
    await page.waitForFunction((code) => document.querySelector('#code')?.value === code, code);
    await check(page, 'code-filled');

    const field = page.getByLabel('Code number');
    await field.fill('');
    await button(page, 'Scan with the camera').click();
    await page.getByText('The code number was scanned').waitFor();
    assert.equal(await field.inputValue(), code);
    assert.equal(await page.locator('video').count(), 0);
    await assertFocused(page.locator('#code'));

    await field.fill('');
    await page.locator('input[type=file]').setInputFiles({ name: 'qr.png', mimeType: 'image/png', buffer: png });
    await page.getByText('The code number was scanned').waitFor();
    assert.equal(await field.inputValue(), code);

    const exhausted = { type: '/problems/submissions_exhausted', title: 'Today', status: 429, detail: 'Five were submitted.', code: 'submissions_exhausted', renews_at: '2026-11-22T22:00:00Z' };
    await page.route('**/submissions', (route) => route.fulfill({ status: 429, contentType: 'application/problem+json', body: JSON.stringify(exhausted) }), { times: 1 });
    await button(page, 'Continue').click();
    await page.getByText('The limit renews on 23 November 2026, 00:00 (Athens time)').waitFor();
    await button(page, 'Continue').click();
    await heading(page, 'Are these your photos?');
    await check(page, 'photos');
    await button(page, 'No, they are not').click();
    await axe(page);
    await button(page, 'They are not the right ones').click();
    await page.getByText('The photos were not associated').waitFor();
    await page.goBack();
    await page.goto('/people/self/photos');
    await page.getByText('Submit the code number first').waitFor();

    // Opens pages that need photos, which this person does not have, and a page of a person who does not exist.
    await page.goto('/people/self/applications');
    await page.getByText('There are no associated photos').waitFor();
    await page.goto('/people/nobody-knows/history');
    await heading(page, 'This person is not known in this session');
    await check(page, 'lost');
    for (const address of ['/about', '/accessibility']) {
      await page.goto(address);
      await check(page, address.slice(1));
    }
  });

  test('for a minor, the pages report an ended session, a failing service and a missing network, and the journey continues', async ({ newPage }) => {
    const who = await person();
    const child = await minor(who);
    const page = await newPage({ language: 'en', statuses: [500], errors: [/ERR_INTERNET_DISCONNECTED|ERR_FAILED/] });
    const [{ code }] = await Promise.all([issue({ recipient: emailOf(who), signature: null, profile: 'identity_card' }), signIn(page, who, { returnTo: '/people/minor' })]);

    await heading(page, 'Add a minor');
    await button(page, 'Check and add').click();
    await page.locator('.govgr-error-summary:focus').getByText('Choose AMKA or PAAYPA.').waitFor();
    await page.getByLabel('AMKA', { exact: true }).check();
    await page.getByLabel("The minor's AMKA").fill('12345678901');
    await page.getByLabel("The minor's AFM").fill('123');
    await page.getByText('An AMKA has 11 digits').first().waitFor();
    await page.getByText('An AFM has 9 digits').first().waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'afm', 'a validation message does not move the focus while the user is typing');
    await check(page, 'minor-wrong');
    await page.getByLabel("The minor's AFM").fill('');
    await page.getByLabel("The minor's AMKA").fill(child.amka);
    await button(page, 'Check and add').click();
    await page.getByText('Custody is confirmed').waitFor();
    await heading(page, "The minor's photos");
    const home = path(page);

    await link(page, 'Submit a code number').click();
    await page.getByLabel('Code number').fill(code);
    await page.route('**/submissions', (route) => route.abort('internetdisconnected'), { times: 1 });
    await button(page, 'Continue').click();
    await page.locator('.govgr-error-summary:focus').getByText('The connection was interrupted').waitFor();
    await page.route('**/submissions', (route) => route.fulfill({ status: 500, contentType: 'text/html', body: '<h1>broken</h1>' }), { times: 1 });
    await button(page, 'Continue').click();
    await page.locator('.govgr-error-summary:focus').getByText('Something went wrong').waitFor();
    await button(page, 'Continue').click();
    await button(page, "Yes, they are the minor's").click();
    await page.getByText(`AMKA ${child.amka}`).waitFor();
    await check(page, 'minor-association');
    await page.locator('#agree').check();
    await button(page, 'Associate').click();
    await link(page, 'Authorise applications').click();
    await page.getByText('Authorizations that you give end when the minor turns 18').waitFor();
    await page.getByLabel('Identity cards').check();
    await page.locator('[data-application="passport"]').getByText('specification').waitFor();
    await check(page, 'minor-applications');
    await button(page, 'Authorise').click();
    await page.getByText('The applications are authorised').waitFor();
    await check(page, 'minor-home');
    await link(page, 'Reminder before they expire').click();
    await heading(page, 'Reminder before they expire');
    await page.getByText('From that day on, no reminder is sent.').waitFor();
    await page.getByLabel('Email').fill(emailOf(who));
    await button(page, 'Save').click();
    await page.getByText('The reminder is saved.').waitFor();
    await check(page, 'minor-reminder');
    await page.goto('/people');
    await page.getByText('Photos until').waitFor();
    await check(page, 'people-minor');
    await page.goto(`${home}/data`);
    await heading(page, "The minor's data");
    await page.getByText(`You can erase all photos of the minor now: ${child.first_name}`).waitFor();
    await check(page, 'minor-data');
    await button(page, 'Erase for good').click();
    await page.locator('.govgr-error-summary:focus').getByText('State that you understand').waitFor();
    await page.getByText(`the photos of the minor (${child.first_name}`).waitFor();
    await page.locator('#erase').check();
    await button(page, 'Erase for good').click();
    await heading(page, 'The photos are erased');
    await page.getByText('1 set of photos was erased.').waitFor();
    await check(page, 'minor-erased');

    // The session ends while the page is open. The page offers a new sign-in, which returns to the same page.
    await page.goto('/people/self/code');
    await heading(page, 'Submit a code number');
    await callFrom(page, 'DELETE', '/v1/session', 200);
    await page.getByLabel('Code number').fill(code);
    await button(page, 'Continue').click();
    await heading(page, 'Your session has ended');
    const seen = await inbox.lastSeq(who.mobile);
    await button(page, 'Sign in with TAXISnet').click();
    await passTaxisnet(page, who);
    assert.equal(page.url(), `${origin()}/people/self/code`);
    await page.locator('#otp').fill(await inbox.otp(who.mobile, seen));
    await button(page, 'Continue').click();
    await heading(page, 'Submit a code number');
    assert.equal(await page.getByLabel('Code number').inputValue(), '', 'a typed code is not kept after the session');
    await page.goto(home);
    await heading(page, 'This person is not known in this session');
  });
});
