// The journeys of a citizen, of a photographer and of a KEP clerk in Firefox and WebKit. `make test` runs them, and so does `make engines`
// on a running stack with TLS. Chromium has separate tests.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { emailOf, inbox, issue, origin, person, pictures, sandbox, uploads } from '../lib/index.mjs';
import { variable } from '../lib/stack.mjs';
import { seed } from '../public_body.mjs';
import { unzip } from './downloads.mjs';
import * as firefox from './firefox.mjs';
import { checksumOfCanvas, drawCameraPicture, everything, visibleText } from './in_page.mjs';
import { missingFor } from './installed.mjs';
import { Page } from './page.mjs';
import * as webkit from './webkit.mjs';
import { words } from './words.mjs';

const ENGINES = { firefox, webkit };
const SIZES = { phone: 'el', desktop: 'en' };
/** Maximum number of browsers that run at the same time. With more, functions exceed their timeout on a machine with two cores. */
const CONCURRENCY = 2;
const TIMEOUT = 300_000;

const chosen = (process.env.ENGINES ?? Object.keys(ENGINES).join(' ')).split(/\s+/).filter((name) => name !== '' && name !== 'chromium');
for (const name of chosen) if (!(name in ENGINES)) throw new Error(`ENGINES: ${name} is unknown; there are chromium, ${Object.keys(ENGINES).join(' and ')}`);
if (chosen.includes('webkit') && !origin().startsWith('https:')) throw new Error('WebKit stores no secure cookies without TLS: start the stack with `make run TLS=on`, or choose ENGINES=firefox');
const missing = missingFor(chosen);
if (missing.length > 0) throw new Error(`missing for ENGINES="${chosen.join(' ')}":\n  ${missing.join('\n  ')}`);

const folder = join(variable('STACK_FOLDER'), 'browser');
const files = mkdtempSync(join(tmpdir(), 'myphoto-pictures-'));
process.on('exit', () => rmSync(files, { recursive: true, force: true }));

/** Writes a file for a file field. Returns its path. */
function file(name, bytes) {
  const path = join(mkdtempSync(join(files, 'file-')), name);
  writeFileSync(path, bytes);
  return path;
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Defines a test with a page in a separate browser. */
function journey(engine, size, name, body) {
  test(`${engine}, ${size}: ${name}`, { timeout: TIMEOUT }, async (t) => {
    const driver = await ENGINES[engine].start({ size, origins: [origin(), uploads(), sandbox()] });
    const page = new Page(driver, origin());
    let number = 0;
    /** Checks the page, and takes a screenshot of it if the variable SHOTS is set. */
    const check = async (title) => {
      await page.check();
      number += 1;
      if (process.env.SHOTS) await page.screenshot(join(process.env.SHOTS, `${engine}-${size}-${body.name}-${String(number).padStart(2, '0')}-${title}.png`));
    };
    try {
      await body({ page, check, say: words[SIZES[size]], language: SIZES[size], engine, t });
      await page.assertNoFaults();
    } catch (error) {
      const path = join(folder, `${engine}_${size}_${name.replaceAll(/[^\p{L}\p{N}]+/gu, '_')}.png`);
      await page.screenshot(path).then(() => (error.message += `\n  screenshot: ${path}`), () => undefined);
      await page.assertNoFaults().catch((fault) => (error.message += `\n  ${fault.message}`));
      throw error;
    } finally {
      await page.close();
    }
  });
}

/** Signs in on the pages: clicks the button, fills in TAXISnet's page, and enters the one-time password. */
async function signIn({ page, check, say }, who) {
  const before = await inbox.lastSeq(who.mobile);
  await page.button(say.signIn);
  await page.type({ css: '#afm' }, who.afm);
  await page.click({ css: 'form.entry button' });
  const otp = await inbox.otp(who.mobile, before);
  await page.type({ css: '#otp' }, otp);
  await check('otp');
  await page.button(say.continue);
}

/**
 * Loads each path of `visited` as a separate document, so that the browser may store it in the back/forward cache. Asserts that the last
 * page shows one of the `secrets`. Otherwise their absence later would prove nothing.
 */
async function visit({ page }, secrets, visited) {
  for (const path of visited) {
    await page.open(path);
    await page.settled();
  }
  const shown = await page.evaluate(visibleText);
  assert.ok(secrets.some((secret) => shown.includes(secret)), `the last page shows something private, so that its absence means something:\n${shown}`);
}

/** Visits the paths of `visited`, signs out, and asserts with `lookBack` that the history no longer shows the `secrets`. */
async function signOutAndLookBack(given, secrets, visited) {
  const { page, check, say } = given;
  await visit(given, secrets, visited);
  if (await page.has({ css: '.header-menu' }) && !(await page.has({ role: 'button', name: say.signOut }))) await page.button(say.menu);
  await page.button(say.signOut);
  await page.waitForPath('/');
  await page.element({ role: 'button', name: say.signIn });
  await check('signed-out');
  await lookBack(given, secrets, visited);
}

/**
 * Goes back and then forward through the whole history of this tab. Asserts that no page of the service contains any of the `secrets` or a
 * picture.
 */
async function lookBack({ page, t }, secrets, visited) {
  const entries = await page.evaluate(() => history.length);
  let ofService = 0;
  for (const [direction, steps] of [['back', entries - 1], ['forward', entries - 1]]) {
    for (let step = 1; step <= steps; step += 1) {
      await page[direction]();
      const url = await page.url();
      if (url.origin !== origin()) continue;
      ofService += 1;
      const text = await page.evaluate(everything);
      for (const secret of secrets) assert.ok(!text.includes(secret), `${direction} to ${url.pathname}: the page contains ${secret}`);
      assert.ok(!/src="blob:/.test(text), `${direction} to ${url.pathname}: the page contains a picture`);
    }
  }
  assert.ok(ofService >= 2 * visited.length, `${ofService} pages of the service in the history`);
  t.diagnostic(`${ofService} pages of the history were shown afterwards, ${page.restored} of them as the browser had kept them`);
}

async function citizen(given) {
  const { page, check, say, language, engine } = given;
  const who = await person();
  const { message, code } = await issue({ recipient: emailOf(who), language });
  await page.open('/people/self/code');
  await page.speak(language);
  await check('sign-in-first');
  await signIn(given, who);
  await page.waitForHeading(say.welcome);
  await check('consent');
  await page.button(say.agree);

  await page.waitForHeading(say.submitCode);
  await check('code');
  const field = () => page.evaluate(() => document.querySelector('#code')?.value);
  if (engine === 'firefox') {
    await page.button(say.camera);
    await page.waitForText(say.cameraLooks);
    await check('camera');
    await page.button(say.close);
    await page.waitUntil('the camera off', () => document.querySelector('video') === null);
  }
  // First chooses a picture without a QR code. The page's message about this picture shows that the page reads pictures.
  await page.chooseFile({ css: 'input[type=file]' }, file('face.jpg', pictures.face()));
  await page.waitForText(say.noQrCode);
  await page.chooseFile({ css: 'input[type=file]' }, file('qr.png', inbox.qrPngOf(message)));
  await page.waitForText(say.scanned);
  assert.equal(await field(), code, 'the QR code of the picture file is read');
  await check('code-scanned');
  await page.open('/people/self/code');
  await page.waitForHeading(say.submitCode);
  await page.waitUntil('an empty field', () => document.querySelector('#code')?.value === '');
  await page.type({ css: '#code' }, `${code.slice(0, 6)} ${code.slice(6)}`);
  await page.waitForText(say.complete);
  await page.button(say.continue);

  await page.waitForHeading(say.areTheseYours);
  assert.equal(await page.evaluate(() => document.querySelectorAll('.picture img').length), 2);
  await check('photos');
  await page.button(say.mine);
  await page.waitForHeading(say.associate);
  await page.click({ css: 'label:has(#agree)' });
  await check('association');
  await page.button(say.associateButton);
  await page.waitForHeading(say.associated);
  await check('associated');

  await page.link(say.authorize);
  await page.waitForHeading(say.authorize);
  await page.click({ css: 'label:has(input[type=checkbox]:not(:disabled))' });
  await check('applications');
  await page.button(say.authorizeButton);
  await page.waitForText(say.authorized);
  await page.waitUntil('both photos', () => [...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth > 0).length === 2);
  await check('home');
  const { name, bytes } = await page.download(() => page.button(say.download));
  assert.match(name, /\.zip$/);
  const zip = unzip(bytes);
  const names = ['PASSPORT_PROFILE.jpg', 'PASSPORT_SIGNATURE.jpg', 'QR.pdf'].map((ending) => `${code}_${ending}`);
  assert.deepEqual([...zip.keys()].sort(), names);
  for (const jpeg of names.slice(0, 2)) assert.equal(zip.get(jpeg).subarray(0, 3).toString('hex'), 'ffd8ff', jpeg);
  assert.equal(zip.get(names[2]).subarray(0, 5).toString(), '%PDF-');
  await page.waitForText(say.downloaded);
  await page.link(say.history);
  await page.waitForHeading(say.history);
  await page.settled();
  await check('history');
  await page.back();
  await page.waitForText(say.history);

  await signOutAndLookBack(given, [who.first_name, who.last_name, who.afm, code], ['/people', '/people/self', '/people/self/dissociation']);
}

/** An APP1 segment with EXIF orientation 6: viewers must rotate the picture by 90 degrees clockwise. */
const EXIF_6 = Buffer.from('ffe1002245786966000049492a00080000000100120103000100000006000000' + '00000000', 'hex');

async function photographer(given) {
  const { page, check, say, language } = given;
  const [who, customer] = [await person('photographer'), await person()];
  const business = who.businesses[0].name;
  await page.open('/photographer/new');
  await page.speak(language);
  await signIn(given, who);
  await page.waitForHeading(say.whichRole);
  await check('role');
  await page.click({ label: business });
  await page.button(say.continue);
  await page.waitForPath('/photographer/new');
  await page.waitForHeading(say.newPhotos);
  await check('new-photos');

  // The camera was held upright: the picture is stored with 4000 x 3000 pixels and shown with 3000 x 4000.
  const options = { width: 4000, height: 3000, at: [611, 666, 1778] };
  const jpeg = Buffer.from(await page.evaluate(drawCameraPicture, pictures.face().toString('base64'), options), 'base64');
  await page.chooseFile({ css: 'input[data-image=face]' }, file('DSC_0001.jpg', Buffer.concat([jpeg.subarray(0, 2), EXIF_6, jpeg.subarray(2)])));
  const stage = { css: '[role=application]' };
  const shown = () => page.evaluate(checksumOfCanvas, '.stage-canvas');
  await page.waitUntil('a picture in the cropper', () => document.querySelector('.stage-canvas')?.width > 100);
  // The service finds the face, and the page places the frame on it.
  await page.waitForText(say.placed);
  const before = await shown();
  await page.drag(stage, 30, 0);
  assert.notEqual(await shown(), before, 'the picture follows the mouse');
  await page.drag(stage, -30, 0);
  await check('cropper');
  const [, size] = say.cropResult.exec(await page.evaluate(() => document.body.innerText));
  await page.button(say.useThis);
  await page.waitForText(say.size(size));
  const signature = pictures.signature();
  await page.chooseFile({ css: 'input[data-image=signature]' }, file('signature.jpg', signature));
  await page.waitForText(say.alreadyFits);
  await check('signature');
  await page.button(say.useThis);
  await page.waitForText(say.sentAsItIs);
  await check('both-pictures');
  await page.button(say.toCheck);
  await page.waitUntil('a report for each picture', () => document.querySelectorAll('.report').length === 2);
  await check('report');
  await page.button(say.toRecipient);

  await page.waitForHeading(say.recipient);
  await page.click({ label: say.email });
  const to = emailOf(customer);
  await page.type({ css: '#email' }, to);
  await check('recipient');
  await page.button(say.send);
  await page.button(say.confirm);
  await page.waitForHeading(say.issued);
  const message = await inbox.codeMessage(to);
  await page.waitForText(say.sent);
  await check('issued');
  const code = inbox.codeOf(message);
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(code), 'the photographer never sees the code');
  await page.link(say.allCodes);
  await page.waitForText('@example.gr');
  await check('list');

  await signOutAndLookBack(given, [who.first_name, who.last_name, business, '@example.gr'], ['/photographer/staff', '/photographer']);
}

async function clerk(given) {
  const { page, check, say, language } = given;
  const [who, customer] = [await person('kep_clerk'), await person()];
  const [{ code }, { name: office }] = [await issue({ recipient: customer.mobile }), who.offices[0]];
  await page.open('/kep');
  await page.speak(language);
  await signIn(given, who);
  await page.waitForHeading(say.whichRole);
  await page.click({ label: office });
  await page.button(say.continue);

  await page.waitForHeading(say.newCase);
  await check('new-case');
  await page.type({ css: '#number' }, customer.afm);
  await page.click({ label: say.identityCard });
  await page.type({ css: '#lastFour' }, '4567');
  await page.type({ css: '#applicationNumber' }, '1234/2026');
  await page.click({ label: say.smsLanguage });
  const before = await inbox.lastSeq(customer.mobile);
  await page.button(say.openCase);
  await page.waitForHeading(say.checkPerson);
  await page.waitForText(customer.last_name);
  await check('presence');
  const otp = await inbox.otp(customer.mobile, before);
  const [sms] = await inbox.messages(customer.mobile, before);
  assert.ok(sms.text.includes(say.smsToPerson), sms.text);
  await page.type({ css: '#otp' }, otp);
  await page.button(say.continue);
  await page.waitForHeading(say.paperConsent);
  await check('consent');
  await page.click({ css: 'label:has(#signed)' });
  await page.button(say.continue);

  await page.waitForHeading(say.caseOverview);
  await check('case');
  await page.link(`${customer.first_name} ${customer.last_name}`);
  await page.waitForHeading(say.photosOfPerson);
  await check('person');
  const home = (await page.url()).pathname;
  await page.link(say.submitCode);
  await page.type({ css: '#code' }, code);
  await page.button(say.continue);
  await page.waitForHeading(say.areTheseRight);
  await check('photos');
  await page.button(say.theirs);
  await page.waitForHeading(say.associate);
  await page.click({ css: 'label:has(#agree)' });
  await page.button(say.associateButton);
  await page.waitForHeading(say.associated);

  const secrets = [customer.last_name, customer.afm, code];
  const visited = ['/kep', home];
  await visit(given, secrets, visited);
  await page.waitUntil('both photos', () => [...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth > 0).length === 2);
  await page.button(say.closeCase);
  await page.waitForText(say.closeCaseMessage);
  await check('close');
  await page.button(say.closeCaseYes);
  await page.waitForHeading(say.caseClosed);
  await check('closed');
  await lookBack(given, secrets, visited);
}

describe('engines', { concurrency: CONCURRENCY }, () => {
  before(seed);
  for (const engine of chosen) {
    for (const [size, language] of Object.entries(SIZES)) {
      journey(engine, size, `a citizen submits a code from a picture file and by typing, and downloads the photos (${language})`, citizen);
      journey(engine, size, `a photographer crops a camera's picture and sends a code (${language})`, photographer);
      journey(engine, size, `a clerk of a KEP serves a person, and nothing of the person is left (${language})`, clerk);
    }
    for (const [what, reason] of Object.entries(ENGINES[engine].LACKS)) test(`${engine}: ${what}`, { skip: reason }, () => undefined);
  }
});
