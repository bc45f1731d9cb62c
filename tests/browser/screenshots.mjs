// Takes screenshots of every page in both languages and sizes: `make screenshots`. Prints the folder with the pictures.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test as nodeTest } from 'node:test';
import { axe, callFrom, caller, emailOf, inbox, issue, minor, newPage, person, pictures, signIn, upToOtp } from './lib/index.mjs';
import { variable } from './lib/stack.mjs';

const folder = join(variable('STACK_FOLDER'), 'screenshots');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
after(() => console.log(`\nscreenshots: ${folder}\n`));

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
/** The two pictures in README.md. */
const README_IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
let number = 0;

/** Takes screenshots of the page in each language and size. */
async function capture(page, name) {
  number += 1;
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const language of ['el', 'en']) {
      if ((await page.locator('html').getAttribute('lang')) !== language) await page.locator(`header button[lang=${language}]`).click();
      await page.waitForLoadState('networkidle');
      await page.locator('main [aria-busy=true], main .loading').first().waitFor({ state: 'detached' }).catch(() => undefined);
      await axe(page);
      await page.screenshot({ path: join(folder, `${String(number).padStart(2, '0')}-${name}-${size}-${language}.png`), fullPage: true });
    }
  }
}

/** Takes a screenshot for README.md: the page in English, in a window of this size. */
async function captureForReadme(page, name, viewport) {
  mkdirSync(README_IMAGES, { recursive: true });
  await page.setViewportSize(viewport);
  if ((await page.locator('html').getAttribute('lang')) !== 'en') await page.locator('header button[lang=en]').click();
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: join(README_IMAGES, `${name}.jpg`), scale: 'css', type: 'jpeg', quality: 82 });
}

async function visit(page, path, name) {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await capture(page, name);
}

nodeTest('signing in', async () => {
  const page = await newPage();
  await visit(page, '/', 'start');
  await visit(page, '/about', 'about');
  await visit(page, '/accessibility', 'accessibility');
  await visit(page, '/sign-in/problem?code=no_confirmed_mobile', 'sign-in-problem');
  await visit(page, '/sign-in/app?redirect_uri=gr.gov.myphoto:/signed-in', 'sign-in-app');
  await visit(page, '/no/such/page', 'not-found');
  await visit(page, '/people/self', 'sign-in-first');
  const who = await person('photographer');
  const otp = await upToOtp(page, who, { returnTo: '/' });
  await visit(page, '/', 'otp');
  await page.locator('#otp').fill('12');
  await page.locator('button[type=submit]').click();
  await capture(page, 'otp-error');
  await callFrom(page, 'POST', '/v1/session/otp', 200, { otp });
  await visit(page, '/', 'role');
  await callFrom(page, 'PUT', '/v1/session/role', 200, { kind: 'citizen' });
  await visit(page, '/people', 'consent');
});

nodeTest('citizen', async () => {
  const who = await person();
  const child = await minor(who);
  const page = await newPage();
  await signIn(page, who, { returnTo: '/people' });
  await visit(page, '/people', 'people');
  await visit(page, '/people/minor', 'minor');
  const added = await callFrom(page, 'POST', '/v1/minors', 201, { identifier: { kind: 'amka', value: child.amka } });
  await visit(page, '/people', 'people-with-minor');
  await visit(page, `/people/${added.subject}`, 'home-of-minor');
  await visit(page, '/people/self', 'home-nothing');
  await visit(page, '/people/self/code', 'code');
  await page.locator('main input[type=text]').first().fill('adEC3wlknv5LcQn5W65twB');
  await page.locator('main button[type=submit]').first().click();
  await capture(page, 'code-error');
  const { code } = await issue({ recipient: emailOf(who) });
  await page.locator('main input[type=text]').first().fill(code);
  await page.locator('main button[type=submit]').first().click();
  await page.waitForURL('**/photos');
  await capture(page, 'photos');
  await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
  await visit(page, '/people/self/association', 'associate');
  const { submission } = await callFrom(page, 'GET', '/v1/session', 200);
  await callFrom(page, 'PUT', '/v1/subjects/self/association', 201, { version: submission.consent.version, agree: true });
  await visit(page, '/people/self', 'home-no-applications');
  await visit(page, '/people/self/applications', 'applications');
  const { applications } = await callFrom(page, 'GET', '/v1/applications', 200);
  const suitable = applications.filter(({ profile }) => profile === 'standard').slice(0, 2).map(({ id }) => id);
  await callFrom(page, 'POST', '/v1/subjects/self/authorizations', 200, { applications: suitable });
  for (const [path, name] of [['', 'home'], ['/history', 'history'], ['/accesses', 'accesses'], ['/reminder', 'reminder'], ['/dissociation', 'dissociation'], ['/data', 'my-data']]) {
    await visit(page, `/people/self${path}`, name);
  }
  await page.goto('/people/self');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await captureForReadme(page, 'citizen', SIZES.phone);
});

nodeTest('clerk of a KEP', async () => {
  const [clerk, who] = [await person('kep_clerk'), await person()];
  const page = await newPage();
  await signIn(page, clerk, { role: 'kep_clerk', returnTo: '/kep' });
  await visit(page, '/kep', 'kep-new-case');
  const before = await inbox.lastSeq(who.mobile);
  const body = { person: { kind: 'afm', value: who.afm }, document: { kind: 'passport', last_four: '4567' }, application_number: '1234/2026' };
  const { handle } = await callFrom(page, 'POST', '/v1/kep/cases', 201, body);
  await visit(page, '/kep', 'kep-presence');
  const { consent } = await callFrom(page, 'PUT', `/v1/kep/cases/${handle}/presence`, 200, { otp: await inbox.otp(who.mobile, before) });
  await visit(page, '/kep', 'kep-consent');
  await callFrom(page, 'POST', '/v1/session/consent', 200, { version: consent.version, agree: true, case: handle });
  await visit(page, '/kep', 'kep-overview');
  await visit(page, `/people/${handle}`, 'kep-person');
  await callFrom(page, 'DELETE', `/v1/kep/cases/${handle}`, 204);
  await visit(page, '/kep', 'kep-new-case-again');
  const home = await newPage();
  await signIn(home, who, { returnTo: '/people/self' });
  await visit(home, '/people/self/visits', 'visits-to-a-kep');
});

nodeTest('photographer', async () => {
  const who = await person('photographer');
  const page = await newPage();
  await signIn(page, who, { role: 'photographer', returnTo: '/photographer' });
  await visit(page, '/photographer', 'issued-none');
  await issue({ recipient: emailOf(await person()), by: await caller(who, 'photographer') });
  await visit(page, '/photographer', 'issued');
  await visit(page, '/photographer/new', 'new-photos');
  const files = page.locator('main input[type=file]');
  await files.first().setInputFiles({ name: 'portrait.jpg', mimeType: 'image/jpeg', buffer: pictures.face() });
  await page.waitForTimeout(1500);
  await capture(page, 'new-photos-crop');
  await captureForReadme(page, 'photographer', { width: 1000, height: 800 });
  await visit(page, '/photographer/staff', 'staff');
  const { issuances } = await callFrom(page, 'GET', '/v1/photographer/issuances', 200);
  if (issuances.length > 0) await visit(page, `/photographer/issued/${issuances[0].upload_id}`, 'send-again');
});
