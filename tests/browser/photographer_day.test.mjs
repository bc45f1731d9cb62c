// Tests a photographer's working day: the steps by keyboard, pasted pictures, interrupted uploads, the next customer, and messages that
// could not be delivered.

import assert from 'node:assert/strict';
import { assertFits, assertFocused, axe, axeInBoth, caller, cameraPicture, choose, emailOf, hasFocus, inbox, issue, json, person, pictures, signIn, test } from './lib/index.mjs';

/** Signs in as a photographer and opens the page for new photos. */
async function newPhotos(newPage, options) {
  const who = await person('photographer');
  const page = await newPage(options);
  await signIn(page, who, { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  // With this listener, Playwright intercepts the browser's file dialogs.
  page.on('filechooser', () => undefined);
  return { page, who };
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const assertHeadingFocused = async (page, name) => {
  await heading(page, name);
  await assertFocused(page.getByRole('heading', { level: 1 }), `the heading "${name}" has the focus`);
};

/** Presses Tab until an element has the focus, as a keyboard user does. */
async function tabTo(page, locator) {
  await locator.waitFor();
  for (let press = 0; press < 60; press += 1) {
    if (await hasFocus(locator)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${locator}`);
}

/** Presses Enter on a button that opens the browser's file dialog, and chooses a file in it. */
async function chooseByKeyboard(page, button, buffer) {
  await tabTo(page, button);
  const [dialog] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await dialog.setFiles({ name: 'DSC_0001.jpg', mimeType: 'image/jpeg', buffer });
}

test('a photographer issues a code without a mouse, and begins the next customer with one press', async ({ newPage }) => {
  const { page } = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const camera = await cameraPicture(page, { width: 3000, height: 4000, at: [611, 666, 1778] });
  await chooseByKeyboard(page, page.getByRole('button', { name: 'Choose a file: Face photo' }), camera);
  await assertHeadingFocused(page, 'Crop the face photo');
  await page.getByText('The frame was placed on the face automatically.').waitFor();

  const stage = page.getByRole('application');
  const result = page.locator('.crop-end [role=status]');
  const automatic = await result.innerText();
  const picture = () => page.locator('.stage-canvas').evaluate((canvas) => canvas.toDataURL());
  await tabTo(page, stage);
  const before = await picture();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((before) => document.querySelector('.stage-canvas').toDataURL() !== before, before);
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('+');
  await page.getByText('The frame is where you placed it.').waitFor();
  assert.notEqual(await result.innerText(), automatic, 'the plus key zooms');
  await page.keyboard.press('-');
  await axe(page);
  await assertFits(page);
  await tabTo(page, page.getByRole('button', { name: 'Place automatically' }));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await tabTo(page, stage);
  await page.keyboard.press('Enter');

  await assertHeadingFocused(page, 'New photos');
  await tabTo(page, page.getByLabel('Driving licence, passport'));
  await page.keyboard.press('Enter');
  await assertHeadingFocused(page, 'Check of the pictures');
  await tabTo(page, page.getByRole('button', { name: 'Continue to the recipient' }));
  await page.keyboard.press('Enter');
  await assertHeadingFocused(page, 'Recipient');

  const to = emailOf(await person());
  await tabTo(page, page.getByLabel('Mobile phone (SMS)'));
  await page.keyboard.press('ArrowDown');
  await tabTo(page, page.getByLabel('Email address'));
  await page.keyboard.type(to);
  const reference = page.getByLabel('Your reference (optional)');
  await tabTo(page, reference);
  await page.keyboard.type('x'.repeat(41));
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'The reference has 41 characters; at most 40 are allowed.' }).waitFor();
  await axe(page);
  await tabTo(page, page.getByRole('link', { name: 'The reference has 41 characters' }));
  await page.keyboard.press('Enter');
  await assertFocused(reference, 'the link of the error leads to the field');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('A-17');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Is the recipient right?' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await assertFocused(reference, 'the closed dialog returns the focus');
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.keyboard.press('Enter');
  await assertHeadingFocused(page, 'The code number was issued');
  await inbox.codeMessage(to);

  await page.keyboard.press('Tab');
  await assertFocused(page.getByRole('button', { name: 'Next customer' }));
  await page.keyboard.press('Enter');
  await heading(page, 'New photos');
  await page.waitForFunction(() => document.activeElement?.matches('input[name=profile]:checked'));
});

/** Dispatches a paste event like the one after Ctrl+V. Each item is a text, or a file with its name, type and bytes. */
const paste = (page, ...items) =>
  page.evaluate((items) => {
    const clipboardData = new DataTransfer();
    for (const { text, name, type, base64 } of items) {
      if (text !== undefined) clipboardData.setData('text/plain', text);
      else clipboardData.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    }
    (document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, items);
const copied = (buffer, name = 'DSC_0001.jpg', type = 'image/jpeg') => ({ name, type, base64: buffer.toString('base64') });

test('copied pictures and files are pasted into the first empty place or the chosen one, and text is explained', async ({ newPage }) => {
  const { page } = await newPhotos(newPage, { language: 'el', viewport: 'desktop' });
  await paste(page, { text: 'https://example.gr/photo.jpg' });
  await page.getByRole('alert').getByText('Στο πρόχειρο υπάρχει κείμενο ή σύνδεσμος, όχι εικόνα.').waitFor();
  await axeInBoth(page);
  await paste(page);
  await page.getByRole('alert').getByText('Στο πρόχειρο δεν υπάρχει εικόνα.').waitFor();
  await paste(page, copied(pictures.face()), copied(pictures.signature()));
  await page.getByText('Δώστε ένα αρχείο κάθε φορά.').waitFor();
  await paste(page, copied(Buffer.from('%PDF-1.7 no picture of any kind'), 'order.pdf', 'application/pdf'));
  await page.getByText('Το αρχείο δεν ανοίγει ως εικόνα.').waitFor();

  // Puts a picture on the clipboard, as another program would, and pastes it by keyboard.
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(async (jpeg) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${jpeg}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    canvas.getContext('2d').drawImage(image, 0, 0);
    const png = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
  }, pictures.face().toString('base64'));
  await page.keyboard.press('ControlOrMeta+v');
  await heading(page, 'Περικοπή της φωτογραφίας προσώπου');
  const use = page.getByRole('button', { name: 'Χρήση αυτής της εικόνας' });
  await use.click();
  await page.locator('img.thumb-face').waitFor();

  // The face photo exists already, so a pasted file is used as the signature.
  await paste(page, copied(pictures.signature()));
  await heading(page, 'Περικοπή της υπογραφής');
  await use.click();
  await page.locator('img.thumb-signature').waitFor();
  await paste(page, copied(pictures.face()));
  await page.getByRole('alert').getByText('Υπάρχουν ήδη δύο εικόνες.').waitFor();
  await axe(page);
  await page.getByRole('heading', { level: 2, name: 'Φωτογραφία προσώπου' }).click();
  await paste(page, copied(pictures.face()));
  await heading(page, 'Περικοπή της φωτογραφίας προσώπου');
  await page.getByText('Το αρχείο τηρεί ήδη τις προδιαγραφές.').waitFor();
});

/** Chooses the valid portrait and accepts its crop. */
async function choosePortrait(page) {
  await choose(page, 'face', pictures.face());
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await page.locator('img.thumb-face').waitFor();
}

/**
 * Handles the first PUT requests to the bucket with `handlers`: the first request with the first handler, and so on. Later requests reach
 * the bucket. Returns an array to which the URL of each PUT request is added.
 */
async function breakUploads(page, ...handlers) {
  const puts = [];
  await page.route(/incoming/, (route) => {
    if (route.request().method() !== 'PUT') return route.fallback();
    puts.push(route.request().url());
    return (handlers[puts.length - 1] ?? ((route) => route.fallback()))(route);
  });
  return puts;
}
const disconnect = (route) => route.abort('connectionreset');
const respond = (status) => (route) => route.fulfill({ status, headers: { 'access-control-allow-origin': '*' } });
const countUploads = (page) => {
  const requests = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/v1/photographer/uploads') requests.push(request);
  });
  return requests;
};

test('an upload that breaks begins anew by itself, and only what cannot pass is left to the photographer', async ({ newPage }) => {
  const { page } = await newPhotos(newPage, { language: 'en', viewport: 'phone', statuses: [503] });
  const requested = countUploads(page);
  const use = page.getByRole('button', { name: 'Use this picture' });
  await choose(page, 'face', await cameraPicture(page, { width: 3000, height: 4000, at: [611, 666, 1778] }));
  await use.click();
  await page.locator('img.thumb-face').waitFor();
  const puts = await breakUploads(page, disconnect, respond(503));
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByText(/The upload will be repeated automatically in a moment \(try [23] of 3\)\./).waitFor();
  await axe(page);
  await page.locator('.report-face').waitFor();
  assert.deepEqual([puts.length, new Set(puts).size, requested.length], [3, 1, 1], 'the same URL three times');

  /** Changes the crop, so that the page uploads a new picture. `handlers` handle the PUT requests of this upload in turn. */
  const uploadAnother = async (...handlers) => {
    await page.unroute(/incoming/);
    await page.getByRole('button', { name: 'Crop again: Face photo' }).click();
    await page.getByRole('button', { name: 'Larger' }).click();
    const puts = await breakUploads(page, ...handlers);
    await use.click();
    return puts;
  };
  // If an upload URL has expired, the page requests a new one.
  const expired = await uploadAnother(respond(403));
  await page.locator('.report-face').waitFor();
  assert.deepEqual([expired.length, new Set(expired).size, requested.length], [2, 2, 3], 'a new URL after 403');

  // The page reports a failed upload after the third try. After status 413 it reports the failure at once, because a new URL cannot help.
  for (const [handlers, tries] of [[[disconnect, disconnect, disconnect], 3], [[respond(413)], 1]]) {
    const failing = await uploadAnother(...handlers);
    await page.getByText('there is no need to choose them again').waitFor();
    assert.equal(failing.length, tries);
    await axe(page);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.report-face').waitFor();
  }
});

test('a photographer cancels an upload, and the pictures are still there', async ({ newPage }) => {
  const { page } = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  await choosePortrait(page);
  let begun;
  const isBegun = new Promise((resolve) => (begun = resolve));
  // The first PUT gets no response until the page cancels it.
  const puts = await breakUploads(page, () => begun());
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await isBegun;
  await page.getByRole('progressbar').waitFor();
  const [cancelled] = await Promise.all([page.waitForEvent('requestfailed', (request) => request.method() === 'PUT'), page.getByRole('button', { name: 'Cancel the upload' }).click()]);
  assert.equal(cancelled.url(), puts[0]);
  await assertHeadingFocused(page, 'New photos');
  await page.locator('img.thumb-face').waitFor();
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByRole('button', { name: 'Continue to the recipient' }).waitFor();
});

test('after a code the last ones are shown with their delivery, and nothing of the customer is left for the next one', async ({ newPage }) => {
  const { page, who } = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  await issue({ recipient: emailOf(await person()), by: await caller(who, 'photographer') });
  const to = emailOf(await person());
  await choosePortrait(page);
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByRole('button', { name: 'Continue to the recipient' }).click();
  await page.getByLabel('Email', { exact: true }).check();
  await page.getByLabel('Email address').fill(to);
  await page.getByLabel('Your reference').fill('  Ά-17   Μ.Π. ');
  await page.getByLabel('The person agrees to get a reminder').check();
  await page.getByRole('button', { name: 'Send the code number' }).click();
  await page.getByRole('button', { name: 'Yes, send it' }).click();
  await heading(page, 'The code number was issued');
  const last = page.getByRole('region', { name: 'The last code numbers' });
  await last.getByText('Ά-17 Μ.Π.', { exact: true }).waitFor();
  await last.getByRole('listitem').nth(1).waitFor();
  assert.equal(await last.getByRole('listitem').count(), 2);
  // The page refreshes the state of delivery without a reload.
  await inbox.codeMessage(to);
  await last.getByRole('listitem').first().getByText('Sent', { exact: true }).waitFor({ timeout: 30_000 });
  await axeInBoth(page);
  await assertFits(page);

  await page.getByRole('button', { name: 'Next customer' }).click();
  await heading(page, 'New photos');
  await page.waitForFunction(() => document.activeElement?.matches('input[name=profile]:checked'));
  const html = await page.content();
  for (const text of [to, 'Ά-17', 'blob:']) assert.ok(!html.includes(text), `${text} is still on the page`);
  await page.goBack();
  assert.equal(await page.locator('.last-issued').count(), 0);
  await page.goto('/photographer/new');
  await choosePortrait(page);
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByRole('button', { name: 'Continue to the recipient' }).click();
  assert.deepEqual(await page.locator('#email, #mobile, #reference').evaluateAll((fields) => fields.map(({ value }) => value)), ['', '']);
  assert.equal(await page.getByLabel('The person agrees to get a reminder').isChecked(), false);

  // The search in the list of code numbers finds the reference by its beginning, ignoring accents. The reference does not appear in the
  // URL.
  await page.getByRole('link', { name: 'Code numbers', exact: true }).click();
  const search = page.getByLabel('Reference, whole or its beginning');
  await search.fill('α-1');
  await search.press('Enter');
  await page.getByText('1 code number found with the reference “α-1”').waitFor();
  await page.locator('tr[data-upload]').getByText('Ά-17 Μ.Π.', { exact: true }).waitFor();
  assert.equal(new URL(page.url()).search.includes('reference'), false);
  await axeInBoth(page);
  await search.fill('17');
  await search.press('Enter');
  await page.getByText('No reference is “17” or begins with it').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForFunction(() => document.querySelectorAll('tr[data-upload]').length === 2);
});

/** Requests the list at this URL from the service, with the cookies of the page that made the intercepted request. */
async function listed(route, url) {
  const cookies = await route.request().frame().page().context().cookies(url);
  return json('GET', url, 200, undefined, { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') });
}

/** Replaces the list of issued codes in the service's responses with the result of `change`. */
const changeList = (page, change) =>
  page.route(/\/v1\/photographer\/issuances(\?|$)/, async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    const list = await listed(route, route.request().url());
    return route.fulfill({ json: change(list, new URL(route.request().url()).searchParams) });
  });

test('a search goes on by itself over short pages, and says when it has not searched everything', async ({ newPage }) => {
  const { page, who } = await newPhotos(newPage, { language: 'el', viewport: 'phone' });
  const { uploadId } = await issue({ recipient: emailOf(await person()), by: await caller(who, 'photographer') });
  const cursors = [];
  await page.route(/\/v1\/photographer\/issuances\?.*reference=/, async (route) => {
    const query = new URL(route.request().url()).searchParams;
    assert.match(query.get('month'), /^\d{4}-\d{2}$/);
    const pages = Number(query.get('cursor') ?? 0) + 1;
    cursors.push(pages);
    // The matching entry is on the tenth page of the list. The pages before it are empty.
    if (pages < 10) return route.fulfill({ json: { issuances: [], next: String(pages) } });
    const { issuances } = await listed(route, new URL('/v1/photographer/issuances', page.url()).href);
    return route.fulfill({ json: { issuances: issuances.map((issuance) => ({ ...issuance, reference: 'Α-17' })) } });
  });
  await page.goto('/photographer');
  await page.getByLabel('Αναφορά, ολόκληρη ή η αρχή της').fill('Α-17');
  await page.getByRole('button', { name: 'Αναζήτηση', exact: true }).click();
  await page.getByText('Δεν βρέθηκε ακόμη αναφορά «Α-17»').waitFor();
  assert.equal(cursors.length, 8);
  await axeInBoth(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Συνέχεια της αναζήτησης' }).click();
  await page.locator(`tr[data-upload="${uploadId}"]`).waitFor();
  await page.getByText('Βρέθηκε 1 κωδικάριθμος με αναφορά «Α-17»').waitFor();
});

test('a message that comes back is shown with its reason, and its recipient can be corrected', async ({ newPage }) => {
  const { page, who } = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const { uploadId } = await issue({ recipient: emailOf(await person()), by: await caller(who, 'photographer') });
  const failure = { reason: 'address_unknown', message: 'The email address does not exist or accepts no email', permanent: true };
  await changeList(page, ({ issuances, ...list }) => ({ ...list, issuances: issuances.map((issuance) => (issuance.upload_id === uploadId ? { ...issuance, state: 'failed', failure } : issuance)) }));
  await page.goto('/photographer');
  const row = page.locator(`tr[data-upload="${uploadId}"]`);
  await row.getByText('Not delivered', { exact: true }).waitFor();
  await row.getByText(`${failure.message}.`).waitFor();
  await axeInBoth(page);
  await assertFits(page);
  await row.getByRole('link', { name: 'Correct the address' }).click();
  await page.getByText('Check the email address with the person and correct it.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send again' }).count(), 0, 'the unknown address gets no further message');
  await axe(page);
  await page.unroute(/\/v1\/photographer\/issuances(\?|$)/);
  const right = emailOf(await person());
  await page.getByLabel('Email address').fill(right);
  await page.getByRole('button', { name: 'New code number' }).click();
  await page.getByRole('button', { name: 'Yes, send it' }).click();
  await page.getByText('The old one no longer works.').waitFor();
  await inbox.codeMessage(right);
});

test('after a failure that may pass the page offers the same recipient again, and does not ask for a correction', async ({ newPage }) => {
  const { page, who } = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const { uploadId } = await issue({ recipient: emailOf(await person()), by: await caller(who, 'photographer') });
  const failure = { reason: 'mailbox_full', message: 'The mailbox is full', permanent: false };
  await changeList(page, ({ issuances, ...list }) => ({ ...list, issuances: issuances.map((issuance) => (issuance.upload_id === uploadId ? { ...issuance, state: 'failed', failure } : issuance)) }));
  await page.goto('/photographer');
  const row = page.locator(`tr[data-upload="${uploadId}"]`);
  await row.getByText(`${failure.message}.`).waitFor();
  assert.equal(await row.getByRole('link', { name: 'Correct the address' }).count(), 0);
  await row.getByRole('link', { name: 'Send again or correct' }).click();
  await page.getByText('Try again, or send the code number elsewhere.').waitFor();
  await page.getByRole('button', { name: 'Send again', exact: true }).waitFor();
  await axe(page);
});
