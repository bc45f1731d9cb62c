// Tests the photographer's pages, from the camera's picture to the message that the citizen receives.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { assertFocused, axe, axeInBoth, cameraPicture, choose, emailOf, inbox, person, pictures, signIn, test } from './lib/index.mjs';

/** Waits for the request that declares the files of an upload. Returns its body. */
const declaredBy = (page) => page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/v1/photographer/uploads')).then((request) => request.postDataJSON());

/** Makes the service find no face, so that the frame stays where the test puts it. */
const findNoFace = (page) => page.route('**/v1/photographer/face', (route) => route.fulfill({ json: { crops: [] } }));

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Moves two fingers on the middle of an element from a distance of `from` pixels to one of `to` pixels. */
async function pinch(page, element, from, to) {
  const box = await element.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const session = await page.context().newCDPSession(page);
  const touch = (type, apart) => session.send('Input.dispatchTouchEvent', { type, touchPoints: apart === undefined ? [] : [-1, 1].map((side, id) => ({ x: x + (side * apart) / 2, y, id })) });
  await touch('touchStart', from);
  for (let step = 1; step <= 4; step += 1) await touch('touchMove', from + ((to - from) * step) / 4);
  await touch('touchEnd');
  await session.detach();
}

test('a photographer turns the camera\'s pictures into a code number that arrives by email', async ({ newPage }) => {
  const who = await person('photographer');
  const page = await newPage({ language: 'el', viewport: 'desktop' });
  await signIn(page, who, { role: 'photographer', returnTo: '/photographer' });
  await page.getByText('Δεν έχετε εκδώσει ακόμη κανέναν κωδικάριθμο').waitFor();
  await axeInBoth(page);
  await page.getByRole('link', { name: 'Νέες φωτογραφίες' }).click();
  const next = page.getByRole('button', { name: 'Συνέχεια στον έλεγχο' });
  await next.click();
  await page.getByRole('link', { name: 'Δώστε φωτογραφία προσώπου ή υπογραφή.' }).waitFor();

  await choose(page, 'face', Buffer.from('....ftypheic....'), 'IMG_1.HEIC', 'image/heic');
  await page.getByText('δεν ανοίγει φωτογραφίες HEIC').waitFor();
  await axeInBoth(page);

  await findNoFace(page);
  // The camera was held upright: the picture is stored with 4000 x 3000 pixels and shown with 3000 x 4000.
  await choose(page, 'face', await cameraPicture(page, { width: 3000, height: 4000, at: [611, 666, 1778], rotated: true }));
  const stage = page.getByRole('application');
  await stage.focus();
  for (let press = 0; press < 8; press += 1) await page.keyboard.press('+');
  await page.getByText('Αποτέλεσμα: 1.804 × 2.706 pixel').waitFor();
  await axeInBoth(page);
  const use = page.getByRole('button', { name: 'Χρήση αυτής της εικόνας' });
  await use.click();
  await page.getByText('1.804 × 2.706 pixel,').waitFor();

  await choose(page, 'signature', pictures.signature());
  await page.getByText('Το αρχείο τηρεί ήδη τις προδιαγραφές.').waitFor();
  await axe(page);
  await use.click();
  await page.getByText('Το αρχείο στέλνεται όπως είναι.').waitFor();
  // The photographer goes to another page and back, and the draft is still complete.
  await page.getByRole('link', { name: 'Κωδικάριθμοι', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Κωδικάριθμοι' }).waitFor();
  await page.goBack();
  await page.getByText('Το αρχείο στέλνεται όπως είναι.').waitFor();

  const [declared] = await Promise.all([declaredBy(page), next.click()]);
  await page.getByText('Μπορείτε να συνεχίσετε. Δείτε πρώτα τις παρατηρήσεις: ο δημόσιος φορέας μπορεί να ζητήσει άλλη φωτογραφία.').waitFor();
  // The person in the portrait smiles, so the check reports her expression. It may also report that her mouth is open, but nothing else.
  await page.locator('.finding').first().waitFor();
  const rules = await page.locator('.finding').evaluateAll((findings) => findings.map((finding) => finding.dataset.rule));
  assert.ok(rules.includes('expression') && rules.every((rule) => ['mouth_closed', 'expression'].includes(rule)), rules.join());
  assert.ok(declared.face.bytes <= 3_000_000 && declared.face.bytes > 300_000, `${declared.face.bytes} bytes of face`);
  assert.equal(declared.signature.sha256, sha256(pictures.signature()), 'an unchanged file is sent as it is');
  await page.locator('summary').first().click();
  await axeInBoth(page);
  await page.getByRole('button', { name: 'Συνέχεια στον παραλήπτη' }).click();

  await page.getByLabel('Email').check();
  await page.getByRole('button', { name: 'Αποστολή κωδικάριθμου' }).click();
  await page.getByRole('link', { name: 'Γράψτε τη διεύθυνση email ολόκληρη' }).click();
  await assertFocused(page.locator('#email'));
  await axeInBoth(page);
  const to = emailOf(await person());
  await page.getByLabel('Διεύθυνση email').fill('maria@gmial.com');
  await page.getByRole('button', { name: 'Αποστολή κωδικάριθμου' }).click();
  const confirm = page.getByRole('dialog', { name: 'Είναι σωστός ο παραλήπτης;' });
  await confirm.waitFor();
  await axe(page);
  await confirm.getByRole('button', { name: 'Χρήση του maria@gmail.com' }).click();
  assert.equal(await page.getByLabel('Διεύθυνση email').inputValue(), 'maria@gmail.com');
  await page.getByLabel('Διεύθυνση email').fill(`Μαρία <mailto:${to}>`);
  await page.getByText(`Διαβάστηκε: ${to}`).waitFor();
  await page.getByRole('button', { name: 'Αποστολή κωδικάριθμου' }).click();
  await confirm.getByText(to, { exact: true }).waitFor();
  await confirm.getByRole('button', { name: 'Ναι, αποστολή' }).click();
  await page.getByRole('heading', { name: 'Ο κωδικάριθμος εκδόθηκε' }).waitFor();
  const message = await inbox.codeMessage(to);
  await page.locator('.govgr-summary-list').getByText('Στάλθηκε', { exact: true }).waitFor();
  await axeInBoth(page);
  assert.ok(!(await page.content()).includes(inbox.codeOf(message)), 'the photographer never sees the code');

  await page.getByRole('link', { name: 'Όλοι οι κωδικάριθμοι' }).click();
  const row = page.locator('tr[data-upload]');
  await row.getByText('Στάλθηκε', { exact: true }).waitFor();
  assert.match(await row.innerText(), /•••@example\.gr/);
  await axeInBoth(page);
  await page.getByLabel('Κατάσταση').selectOption('failed');
  await page.getByText('Κανένας κωδικάριθμος δεν ταιριάζει').waitFor();
  await page.reload();
  await page.getByText('Κανένας κωδικάριθμος δεν ταιριάζει').waitFor();
});

test('on a phone, pages explain bad pictures, resume an interrupted upload, and correct a wrong recipient', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone' });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await findNoFace(page);
  await choose(page, 'face', await cameraPicture(page, { width: 600, height: 900, at: [0, 0, 600] }));
  await page.getByText('it gives 600 × 900, and at least 800 × 1,200 are needed').waitFor();
  await axe(page);
  const use = page.getByRole('button', { name: 'Use this picture' });
  assert.equal(await use.getAttribute('aria-disabled'), 'true');

  // The person stands on the left, so the middle of the picture has no face.
  await choose(page, 'face', await cameraPicture(page, { width: 4000, height: 3000, at: [0, 500, 1333] }));
  await page.getByText('Result: 2,000 × 3,000 pixels').waitFor();
  // Moves two fingers apart, to one and a half times their distance.
  await pinch(page, page.getByRole('application'), 80, 120);
  await page.getByText('Result: 1,332 × 1,998 pixels').waitFor();
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByText('Result: 2,000 × 3,000 pixels').waitFor();
  await use.click();
  await page.getByText('2,000 × 3,000 pixels,').waitFor();
  // The page tries a failing upload three times before it reports the failure.
  let broken = 0;
  await page.route(/incoming/, (route) => {
    if (broken === 3 || route.request().method() !== 'PUT') return route.fallback();
    broken += 1;
    return route.abort('connectionreset');
  });
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByText('there is no need to choose them again').waitFor();
  await axe(page);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The pictures cannot be sent like this.').waitFor();
  const wrong = page.locator('[data-rule=faces]');
  await wrong.getByText('Error:').waitFor();
  await wrong.getByText('Faces found: 0; there must be exactly 1.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Continue to the recipient' }).count(), 0);
  await axe(page);

  await page.getByRole('button', { name: 'Crop again: Face photo' }).click();
  const box = await page.getByRole('application').boundingBox();
  await page.mouse.move(box.x + 60, box.y + 150);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 30, box.y + 150, { steps: 5 });
  await page.mouse.up();
  const larger = page.getByRole('button', { name: 'Larger' });
  for (let press = 0; press < 8; press += 1) await larger.click();
  const left = page.getByRole('button', { name: 'Right', exact: true });
  for (let press = 0; press < 20; press += 1) await left.click();
  await use.click();
  await page.getByRole('button', { name: 'Continue to the recipient' }).click();

  const [right, wrongOne] = [await person(), await person()];
  await page.getByLabel('Mobile number').fill('210 1234567');
  await page.getByRole('button', { name: 'Send the code number' }).click();
  await page.getByRole('link', { name: 'The number must be a Greek mobile' }).waitFor();
  await page.getByLabel('Mobile number').fill(`tel:\u202a${wrongOne.mobile.replace(/(\d{3})(\d{3})(\d{4})$/, '$1\u2011$2\u2011$3')}\u202c`);
  await page.getByRole('button', { name: 'Send the code number' }).click();
  await page.getByRole('dialog', { name: 'Is the recipient right?' }).getByText(wrongOne.mobile.slice(-10).replace(/(\d{3})(\d{3})(\d{4})/, '$1 $2 $3')).waitFor();
  await page.getByRole('button', { name: 'Yes, send it' }).click();
  await page.getByRole('link', { name: 'Send again or correct' }).click();
  const first = inbox.codeOf(await inbox.codeMessage(wrongOne.mobile));
  await axeInBoth(page);
  await page.reload();
  await page.getByLabel('Email').check();
  await page.getByLabel('Email address').fill(emailOf(right));
  await page.getByLabel('English').check();
  await page.getByRole('button', { name: 'New code number' }).click();
  await page.getByRole('button', { name: 'Yes, send it' }).click();
  await page.getByText('The old one no longer works.').waitFor();
  assert.notEqual(inbox.codeOf(await inbox.codeMessage(emailOf(right))), first);
  await page.getByRole('link', { name: 'Back' }).click();
  await page.locator('tr[data-upload]').getByText('Sent', { exact: true }).waitFor();
  await axe(page);
});

test('an owner authorises an employee, who acts for the business until the authorization is withdrawn', async ({ newPage }) => {
  const [owner, employee] = [await person('photographer'), await person()];
  const page = await newPage({ language: 'el', viewport: 'desktop' });
  await signIn(page, owner, { role: 'photographer', returnTo: '/photographer/staff' });
  await page.getByLabel('ΑΦΜ του υπαλλήλου').fill(employee.afm.replace(/.$/, (digit) => String((Number(digit) + 1) % 10)));
  await page.locator('#afm-error').getByText('Ο ΑΦΜ δεν είναι έγκυρος').waitFor();
  await axeInBoth(page);
  await page.getByLabel('ΑΦΜ του υπαλλήλου').fill(employee.afm);
  await page.getByLabel('Πώς τον αποκαλείτε').fill('Μαρία του στούντιο');
  await page.getByRole('button', { name: 'Εξουσιοδότηση' }).click();
  await page.getByText('Εξουσιοδοτήθηκε: Μαρία του στούντιο').waitFor();

  const theirs = await newPage({ language: 'en', viewport: 'phone' });
  await signIn(theirs, employee, { role: 'photographer', returnTo: '/photographer/staff' });
  await theirs.getByText('Only the owner of the business decides on its staff.').waitFor();
  await axe(theirs);
  await theirs.goto('/photographer');
  await theirs.getByText('You have not issued a code number yet').waitFor();

  await page.getByRole('button', { name: 'Ανάκληση: Μαρία του στούντιο' }).click();
  await axe(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Ανάκληση' }).click();
  await page.getByText('Δεν έχετε εξουσιοδοτήσει κανέναν ακόμη.').waitFor();
  await axe(page);

  await theirs.getByLabel('State').selectOption('sent');
  await theirs.getByText('You no longer act for this business').waitFor();
  await axe(theirs);
});
