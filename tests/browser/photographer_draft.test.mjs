// Tests the data that the photographer's page stores in the browser: the draft, the queue of finished drafts, and a picture shared from the
// device.

import assert from 'node:assert/strict';
import { axeInBoth, cameraPicture, choose, emailOf, eventually, inbox, person, pictures, signIn, test, untilSignedOut } from './lib/index.mjs';

const OFFLINE = [/ERR_INTERNET_DISCONNECTED/, /Failed to fetch/];

/** Returns the number of records that the page has stored in the browser, and everything in them that can be read as text. */
const stored = (page) =>
  page.evaluate(async () => {
    if (!(await indexedDB.databases()).some(({ name }) => name === 'unsent')) return { count: 0, text: '' };
    const database = await new Promise((resolve) => Object.assign(indexedDB.open('unsent'), { onsuccess: ({ target }) => resolve(target.result) }));
    const all = (store) => new Promise((resolve) => Object.assign(database.transaction(store).objectStore(store).getAll(), { onsuccess: ({ target }) => resolve(target.result) }));
    const [frames, contents] = await Promise.all([all('frames'), all('contents')]);
    database.close();
    return { count: frames.length, text: JSON.stringify(frames) + contents.map((content) => new TextDecoder('latin1').decode(content)).join('\n') };
  });

const untilStored = (page, isReached) =>
  eventually(async () => {
    const now = await stored(page);
    assert.ok(isReached(now), `the browser stores ${now.count} records`);
    return now;
  });

const chooseFace = async (page) => choose(page, 'face', await cameraPicture(page, { width: 3000, height: 4000, at: [611, 666, 1778] }));
const use = (page) => page.getByRole('button', { name: 'Use this picture' }).click();

test('a draft survives a reload, no other tab takes it, and discarding or signing out removes it', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone' });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByLabel('Identity card').check();
  await chooseFace(page);
  await page.getByRole('button', { name: 'Use this picture' }).waitFor();
  const { text } = await untilStored(page, ({ count }) => count >= 2);
  assert.ok(!/JFIF|Exif|identity_card/.test(text), 'the records are encrypted');

  await page.reload();
  await page.getByText('Your draft was restored.').waitFor();
  await page.getByRole('button', { name: 'Use this picture' }).waitFor();
  await axeInBoth(page);
  const { text: before } = await stored(page);
  await use(page);
  await page.getByRole('button', { name: 'Crop again: Face photo' }).waitFor();

  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  assert.equal(await other.getByRole('button', { name: 'Crop again: Face photo' }).count(), 0, 'the draft of another tab');
  await other.close();

  await untilStored(page, ({ text }) => text !== before);
  await page.waitForTimeout(1_000);
  await page.reload();
  await page.getByRole('button', { name: 'Crop again: Face photo' }).waitFor();
  assert.ok(await page.getByLabel('Identity card').isChecked());
  await page.getByRole('button', { name: 'Discard the draft' }).click();
  await page.getByText('Your draft was restored.').waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('button', { name: 'Crop again: Face photo' }).count(), 0);

  await chooseFace(page);
  await untilStored(page, ({ count }) => count >= 2);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Go on without sending' }).click();
  await untilSignedOut(page, 'Sign in with TAXISnet');
  assert.equal((await stored(page)).count, 0);
});

test('without a network a finished draft waits, and is sent once when the photographer says so', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'desktop', errors: OFFLINE });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  const [context, to] = [page.context(), emailOf(await person())];
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  await context.setOffline(true);
  await chooseFace(page);
  await use(page);
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByRole('button', { name: 'Go on without the check' }).click();
  await page.getByLabel('Email').check();
  await page.getByLabel('Email address').fill(to);
  await page.locator('form').getByRole('button', { name: 'Keep for later' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Yes, keep it' }).click();
  await page.getByRole('heading', { name: 'Waiting to be sent: 1 of 20' }).waitFor();
  await page.getByText('Kept on this device and not sent yet.').waitFor();
  await axeInBoth(page);

  const before = await inbox.lastSeq(to);
  let issued = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/v1/photographer/issuances')) issued += 1;
  });
  await context.setOffline(false);
  await page.goto('/photographer');
  await page.getByRole('heading', { name: 'Waiting to be sent: 1 of 20' }).waitFor();
  await page.waitForTimeout(2_000);
  assert.equal(await page.locator('tr[data-upload]').count(), 0);
  assert.deepEqual([issued, await inbox.lastSeq(to)], [0, before], 'nothing is sent without the photographer');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('1 customer is waiting to be sent on this device.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();

  await page.getByRole('button', { name: `Send: ${to}` }).click();
  await page.getByText('1 code number was issued.').waitFor();
  // The list below the queue shows the new code number without a reload.
  await page.locator('tr[data-upload]').waitFor();
  await inbox.codeMessage(to);
  // The only record left in the browser is the photographer's choice to send codes by email.
  assert.deepEqual([issued, (await stored(page)).count], [1, 1]);
});

test('the end of a session removes waiting drafts, and the page says how many at the next sign-in', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'desktop', errors: [...OFFLINE, /401/] });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  const to = emailOf(await person());
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  await page.context().setOffline(true);
  await chooseFace(page);
  await use(page);
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByRole('button', { name: 'Go on without the check' }).click();
  await page.getByLabel('Email').check();
  await page.getByLabel('Email address').fill(to);
  await page.locator('form').getByRole('button', { name: 'Keep for later' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Yes, keep it' }).click();
  await page.getByRole('heading', { name: 'Waiting to be sent: 1 of 20' }).waitFor();
  await page.context().setOffline(false);
  await page.context().clearCookies();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in to continue' }).waitFor();
  await untilStored(page, ({ count }) => count === 0);
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByText('ended while 1 customer was waiting to be sent').waitFor();
  assert.ok(!(await page.locator('main').innerText()).includes(to), 'only a number is known');
  await axeInBoth(page);
  await page.getByRole('button', { name: 'I understand' }).click();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  assert.equal(await page.getByText('was waiting to be sent').count(), 0);
});

/** Posts a picture as the share sheet of a phone does for an installed application. */
async function share(page) {
  await page.evaluate(() => {
    const form = Object.assign(document.createElement('form'), { method: 'POST', enctype: 'multipart/form-data', action: '/photographer/share', id: 'share' });
    form.append(Object.assign(document.createElement('input'), { type: 'file', name: 'picture' }));
    document.body.append(form);
  });
  await page.locator('#share input').setInputFiles({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: pictures.face() });
  await page.evaluate(() => document.querySelector('#share').submit());
}

test('a picture that the device shares opens in a new draft, and no server gets it', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone', serviceWorker: true });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  await share(page);
  await page.getByText('You gave myPhoto a picture.').waitFor();
  assert.ok(page.url().endsWith('/photographer/new?from=share'), page.url());
  await axeInBoth(page);
  await page.getByRole('button', { name: 'Use as the face photo' }).click();
  await page.getByRole('button', { name: 'Use this picture' }).waitFor();
  assert.ok(!(await page.evaluate(() => indexedDB.databases())).some(({ name }) => name === 'shared-picture'), 'the stored copy is removed');
});

// Playwright cannot open a file with an installed application. So the test replaces `launchQueue`, and passes the file to the function that
// the page has registered there.
test('a picture that the user opens with the installed application opens in a new draft', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'launchQueue', { value: { setConsumer: (consumer) => (globalThis.openFiles = consumer) } });
  });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  await page.evaluate(async (bytes) => {
    const file = new File([new Uint8Array(bytes)], 'IMG_1.jpg', { type: 'image/jpeg' });
    globalThis.openFiles({ files: [{ getFile: () => Promise.resolve(file) }] });
  }, [...pictures.face()]);
  await page.getByText('You gave myPhoto a picture.').waitFor();
  await axeInBoth(page);
  await page.getByRole('button', { name: 'Use as the face photo' }).click();
  await page.getByRole('button', { name: 'Use this picture' }).waitFor();
});

test('without the service worker, sharing leads to the page, which asks for the picture again', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone', errors: [/ServiceWorker|service worker/i] });
  await page.route('**/sw.js', (route) => route.abort());
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.evaluate(async () => Promise.all((await navigator.serviceWorker.getRegistrations()).map((registration) => registration.unregister())));
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'New photos' }).waitFor();
  await share(page);
  await page.getByText('The picture that you gave did not reach the page.').waitFor();
});
