// The whole of signing in, through the deployed stack, in a real browser: a customer's administrator connects their
// tenant, people sign in to the sample platform and out of it, and whoever is disabled is out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertAccessible, assertReflows, tabOrder } from '../tests/driver/accessibility.mjs';
import { assertHostCookie, assertPrivatePage, observeAnswers } from '../tests/driver/answers.mjs';
import { launchBrowser, openPage, takeScreenshot } from '../tests/driver/browser.mjs';
import { api, control, hasRun, peopleOf, stack, startPlatform, until } from './scene.mjs';

const administratorRole = '62e90394-69f5-4237-9190-012177145e10';
const permissions = ['User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', 'Organization.Read.All'];
let browser;
let platform;
let application;
let customer;
let connection;
let people;

before(async () => {
  browser = await launchBrowser();
  // The platform's own application, registered in a tenant of its own, and a customer's tenant.
  const [home] = (await control('GET', '')).tenants;
  customer = await control('POST', '/tenants', { seed: 77, people: 60, groups: 12 });
  const registration = {
    displayName: 'Sample Academy',
    multiTenant: true,
    requiredRoles: permissions,
    redirectUris: ['/login/callback', '/connect/callback', '/signed-out'].map((path) => stack.url + path),
    frontChannelLogoutUrl: `${stack.url}/sign-out/entra`,
    homepageUrl: `${stack.url}/sign-in`,
    optionalClaims: { sid: true, wids: true },
  };
  application = await control('POST', `/tenants/${home.tenantId}/apps`, registration);
  const { clientSecret } = await control(
    'POST',
    `/tenants/${home.tenantId}/apps/${application.clientId}/secrets`,
    {},
  );
  await api('PUT', '/application', {
    credential: { type: 'client_secret', client_id: application.clientId, client_secret: clientSecret },
  });
  people = await peopleOf(customer.tenantId);
  await control('PUT', `/tenants/${customer.tenantId}/users/${people[0].id}/roles`, [administratorRole]);
  connection = await api('POST', '/connections', {
    name: 'Contoso',
    credential: { type: 'platform_application' },
    scope: { type: 'everyone' },
    rules: { guests: 'in' },
    owners: ['owner@example.com'],
    sign_in: { just_in_time: true },
  });
  platform = await startPlatform('openid profile email teams offline_access');
});

after(async () => {
  await browser?.close();
  await platform?.stop();
});

/** A browser of its own for each test, closed after it. */
async function visit(t, address, options) {
  const { context, page, problems } = await openPage(browser, options);
  t.after(async () => {
    // What there was to see at the end: of a test that failed it says most.
    await takeScreenshot(page, `end of ${t.name}`.replaceAll(/\W+/g, '-'));
    await context.close();
  });
  if (address) await page.goto(address);
  return { page, problems, context };
}

/** Entra's page: somebody signs in with their name and any password, and agrees to whatever is asked. */
async function passEntra(page, person) {
  await page.getByLabel('Email, phone, or Skype').fill(person.userPrincipalName);
  await page.getByLabel('Password').fill('any password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const accept = page.getByRole('button', { name: 'Accept' });
  if (await accept.isVisible()) await accept.click();
}

async function looksGood(page, name) {
  await assertAccessible(page);
  await assertReflows(page);
  await takeScreenshot(page, name);
}

const claim = (page, name) => page.locator(`[data-claim="${name}"]`).textContent();
const readState = async () => (await fetch(`${platform.url}/state`)).json();
const setupLink = async () => (await api('POST', `/connections/${connection.id}/setup-links`)).url;

test('an ordinary employee can not lend their tenant, whatever the address says', async (t) => {
  const { page } = await visit(t, await setupLink());
  await page.getByRole('button', { name: 'Continue to Microsoft' }).click();
  // The page of consent is skipped: the address is written by hand, as if an administrator had agreed.
  const state = new URL(page.url()).searchParams.get('state');
  await page.goto(`${stack.url}/connect/callback?admin_consent=True&tenant=${customer.tenantId}&state=${state}`);
  await passEntra(page, people[1]);
  assert.equal((await api('GET', `/connections/${connection.id}`)).bound, false);
  await page.goto('about:blank');
});

test('an administrator connects the tenant by a link', async (t) => {
  const { page, problems } = await visit(t, await setupLink());
  await looksGood(page, 'connect-invitation');
  for (const permission of ['User.Read.All']) assert.ok(await page.getByText(permission).isVisible(), permission);
  assert.deepEqual(await tabOrder(page), ['Continue to Microsoft']);
  await page.getByRole('button', { name: 'Continue to Microsoft' }).click();
  await passEntra(page, people[0]);
  // The second station: the account is chosen once more.
  const account = page.getByRole('button', { name: people[0].userPrincipalName });
  await account.click();
  // Signing in is a permission of its own, which the person gives the first time.
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('heading', { name: 'Your tenant is connected' }).waitFor();
  await looksGood(page, 'connect-connected');
  assert.equal((await api('GET', `/connections/${connection.id}`)).bound, true);
  assert.deepEqual(problems, []);
});

test('a consent that is declined is told apart, in the language of the administrator', async (t) => {
  const { page } = await visit(t, await setupLink(), { locale: 'de-DE' });
  await looksGood(page, 'connect-invitation-german');
  await page.getByRole('button', { name: 'Weiter zu Microsoft' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('heading', { name: 'Sie haben nicht zugestimmt' }).waitFor();
  await looksGood(page, 'connect-declined-german');
});

test('a link that nobody made leads nowhere', async (t) => {
  const { page } = await visit(t, `${stack.url}/connect?setup=${'A'.repeat(43)}`);
  await page.getByRole('heading', { name: 'This link is not good any more' }).waitFor();
  await looksGood(page, 'connect-no-link');
});

test('the connected tenant is synced, and its verified domain leads to it', async () => {
  await api('POST', `/connections/${connection.id}/activate`);
  await hasRun(connection.id);
  const changed = await api('PATCH', `/connections/${connection.id}`, {
    sign_in: { domains: [customer.domain], just_in_time: true },
  });
  assert.deepEqual(changed.sign_in.domains, [customer.domain]);
});

test('somebody finds their organisation, signs in, and signs out', async (t) => {
  const person = people[2];
  const { page, problems } = await visit(t);
  const answers = observeAnswers(page, stack.url);
  await page.goto(platform.url);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Find your organisation' }).waitFor();
  await looksGood(page, 'choose-organisation');
  await page.getByLabel('Your e-mail address at work or school').fill(person.userPrincipalName);
  await page.getByRole('button', { name: 'Continue' }).click();
  await passEntra(page, person);
  await page.waitForURL(`${platform.url}/`);
  assert.equal(await claim(page, 'name'), `${person.givenName} ${person.surname}`);
  assert.equal((await claim(page, 'email')).toLowerCase(), person.userPrincipalName.toLowerCase());
  await takeScreenshot(page, 'platform-signed-in-by-rollcall');
  const answered = await answers.settled();
  assert.ok(answered.length >= 3, 'the authorization endpoint twice, and the callback');
  answered.flatMap(({ cookies }) => cookies).forEach(assertHostCookie);
  answered.forEach(assertPrivatePage);

  const refreshed = await (await page.request.post(`${platform.url}/refresh`)).json();
  assert.deepEqual(refreshed, { ok: true });
  await page.goto(`${stack.url}/session`);
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await looksGood(page, 'session');

  await page.goto(platform.url);
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.waitForURL(/\/signed-out/);
  await page.goto(`${stack.url}/session`);
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
  await looksGood(page, 'session-none');
  assert.deepEqual(problems, []);
});

test('the link of a connection leads to the platform, signed in', async (t) => {
  const { page } = await visit(t, `${stack.url}/sign-in/${connection.id}`);
  await passEntra(page, people[3]);
  await page.waitForURL(`${platform.url}/`);
  assert.equal(await claim(page, 'name'), `${people[3].givenName} ${people[3].surname}`);
});

test('My Apps leads to the platform, signed in', async (t) => {
  const { page } = await visit(t, `${stack.control.replace(/\/control$/, '')}/myapps`);
  await passEntra(page, people[4]);
  await page.getByRole('link', { name: 'Sample Academy' }).click();
  // One application for all customers: the page asks for the organisation.
  await page.getByLabel('Your e-mail address at work or school').fill(people[4].userPrincipalName);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.waitForURL(`${platform.url}/`);
  assert.equal(await claim(page, 'name'), `${people[4].givenName} ${people[4].surname}`);
});

test('signing out of Entra signs out of the platform', async (t) => {
  const { page } = await visit(t, `${stack.url}/sign-in/${connection.id}`);
  await passEntra(page, people[5]);
  await page.waitForURL(`${platform.url}/`);
  const { sid } = (await readState()).sessions.at(-1);
  const login = stack.control.replace(/\/control$/, '');
  await page.goto(`${login}/${customer.tenantId}/oauth2/v2.0/logout`);
  await until('the platform to be told', async () =>
    (await readState()).logout_tokens.some((token) => token.accepted && token.sid === sid),
  );
});

test('a joiner waits for the account while it is made', async (t) => {
  await control('PATCH', `/tenants/${customer.tenantId}/settings`, { notifications: { lose: true } });
  const joined = await control('POST', `/tenants/${customer.tenantId}/actions`, { action: 'join' });
  const { page } = await visit(t, `${stack.url}/sign-in/${connection.id}`);
  await passEntra(page, joined.results[0]);
  await page.waitForURL(`${platform.url}/`);
  await control('PATCH', `/tenants/${customer.tenantId}/settings`, { notifications: { lose: false } });
});

test('whoever is disabled is out of the platform within seconds, and does not come back', async (t) => {
  const person = people[6];
  const { page } = await visit(t, `${stack.url}/sign-in/${connection.id}`);
  await passEntra(page, person);
  await page.waitForURL(`${platform.url}/`);
  const { sid } = (await readState()).sessions.at(-1);
  await control('POST', `/tenants/${customer.tenantId}/actions`, { action: 'disable', id: person.id });
  await until('the platform to be told', async () =>
    (await readState()).logout_tokens.some((token) => token.accepted && token.sid === sid),
  );
  await page.goto(`${stack.url}/session`);
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
  // Enabled at Entra again, but not yet by the sync: the account is closed still.
  await control('PATCH', `/tenants/${customer.tenantId}/settings`, { notifications: { lose: true } });
  await control('POST', `/tenants/${customer.tenantId}/actions`, { action: 'enable', id: person.id });
  const again = await visit(t, `${stack.url}/sign-in/${connection.id}`);
  await passEntra(again.page, person);
  await again.page.getByRole('heading', { name: 'Your account is closed' }).waitFor();
  await looksGood(again.page, 'refused-closed');
  const german = await visit(t, `${stack.url}/sign-in/${connection.id}`, { locale: 'de-DE' });
  await passEntra(german.page, person);
  await german.page.getByRole('heading', { name: 'Ihr Konto ist geschlossen' }).waitFor();
  await looksGood(german.page, 'refused-closed-german');
  await control('PATCH', `/tenants/${customer.tenantId}/settings`, { notifications: { lose: false } });
});

test('an answer that nobody asked for is a page that helps', async (t) => {
  const { page, problems } = await visit(t, `${stack.url}/login/callback?code=stolen&state=${'A'.repeat(43)}`);
  await page.getByRole('heading', { name: 'Please sign in again' }).waitFor();
  await looksGood(page, 'refused-not-begun');
  assert.deepEqual(problems, []);
});
