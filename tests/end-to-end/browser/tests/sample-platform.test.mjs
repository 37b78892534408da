// The sample platform against the independent provider, without Rollcall between them: if this fails, the fault is
// not Rollcall's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertAccessible, assertReflows, tabOrder } from './driver/accessibility.mjs';
import { assertPrivatePage, observeAnswers } from './driver/answers.mjs';
import { launchBrowser, openPage, takeScreenshot } from './driver/browser.mjs';
import { freePort, start } from './driver/processes.mjs';

const tenant = '22222222-0000-4000-8000-000000000001';
const credentials = { 'client-id': 'platform', 'client-secret': 'secret-of-the-sample-platform' };
let provider;
let platform;
let browser;

before(async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  provider = await start('independent-provider/server.mjs', {
    ...credentials,
    tenant,
    // Another site than the platform's, as it is in life.
    host: 'localhost',
    'auth-method': 'client_secret_basic',
    'redirect-uri': `${origin}/callback`,
    'post-logout-redirect-uri': `${origin}/signed-out`,
    'backchannel-logout-uri': `${origin}/backchannel-logout`,
  });
  platform = await start('platform/server.mjs', { ...credentials, port, issuer: provider.issuer });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await platform?.stop();
  await provider?.stop();
});

/** A browser of its own for each test, closed after it. */
async function visit(t, address, options) {
  const { context, page, problems } = await openPage(browser, options);
  t.after(() => context.close());
  await page.goto(address);
  return { page, problems };
}

async function enterUsername(page, username) {
  await page.getByLabel('Username').fill(username);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function readState() {
  return (await fetch(`${platform.url}/state`)).json();
}

const claim = (page, name) => page.locator(`[data-claim="${name}"]`).textContent();

test('discovery has the forms of Entra', async () => {
  const base = `${provider.url}/${tenant}`;
  const metadata = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();
  assert.equal(provider.issuer, `${base}/v2.0`);
  assert.equal(metadata.issuer, provider.issuer);
  assert.equal(metadata.authorization_endpoint, `${base}/oauth2/v2.0/authorize`);
  assert.equal(metadata.token_endpoint, `${base}/oauth2/v2.0/token`);
  assert.equal(metadata.jwks_uri, `${base}/discovery/v2.0/keys`);
  assert.equal(metadata.end_session_endpoint, `${base}/oauth2/v2.0/logout`);
  const { keys } = await (await fetch(metadata.jwks_uri)).json();
  assert.deepEqual(
    keys.map(({ kty, use, issuer, d }) => ({ kty, use, issuer, d })),
    [{ kty: 'RSA', use: 'sig', issuer: provider.issuer, d: undefined }],
  );
});

for (const alias of ['organizations', 'common']) {
  test(`discovery below ${alias} has the template of the issuer`, async () => {
    const metadata = await (await fetch(`${provider.url}/${alias}/v2.0/.well-known/openid-configuration`)).json();
    assert.equal(metadata.issuer, `${provider.url}/{tenantid}/v2.0`);
    assert.equal(metadata.authorization_endpoint, `${provider.url}/${alias}/oauth2/v2.0/authorize`);
    const { keys } = await (await fetch(metadata.jwks_uri)).json();
    assert.deepEqual(
      keys.map((key) => key.issuer),
      [metadata.issuer],
    );
  });
}

test('somebody signs in, the platform asks again with the refresh token, and they sign out', async (t) => {
  const { page, problems } = await visit(t, platform.url);
  await assertAccessible(page);
  await takeScreenshot(page, 'platform-signed-out');
  // Refresh tokens are given only to those who were asked.
  await page.goto(`${platform.url}/login?prompt=consent`);
  await assertAccessible(page);
  await assertReflows(page);
  assert.deepEqual(await tabOrder(page), ['Username', 'Sign in', 'Cancel']);
  await takeScreenshot(page, 'provider-sign-in');
  await enterUsername(page, 'ada@example.com');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.waitForURL(`${platform.url}/`);
  assert.equal(await claim(page, 'name'), 'Ada Lovelace');
  assert.equal(await claim(page, 'email'), 'ada@example.com');
  await assertAccessible(page);
  await takeScreenshot(page, 'platform-signed-in');

  const { claims, sid } = (await readState()).sessions.at(-1);
  const { sub, oid } = claims;
  assert.deepEqual(
    {
      tid: claims.tid,
      oid,
      ver: claims.ver,
      preferred_username: claims.preferred_username,
      iss: claims.iss,
      aud: claims.aud,
    },
    {
      tid: tenant,
      oid: '11111111-0000-4000-8000-000000000001',
      ver: '2.0',
      preferred_username: 'ada@example.com',
      iss: provider.issuer,
      aud: 'platform',
    },
  );
  assert.notEqual(sub, oid);
  for (const time of ['iat', 'nbf', 'exp']) assert.ok(Number.isInteger(claims[time]), time);
  assert.equal(typeof sid, 'string');

  const refreshed = await (await page.request.post(`${platform.url}/refresh`)).json();
  assert.deepEqual(refreshed, { ok: true });

  await page.getByRole('link', { name: 'Sign out' }).click();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/signed-out\?state=/);
  assert.equal(await page.locator('[data-state]').getAttribute('data-state'), 'expected');
  await page.goto(platform.url);
  assert.ok(await page.getByRole('link', { name: 'Sign in' }).isVisible());
  await page.goto(`${platform.url}/login`);
  assert.ok(await page.getByLabel('Username').isVisible(), 'the provider forgot them as well');
  assert.deepEqual(problems, []);
});

test('whoever signs out at the provider is signed out of the platform', async (t) => {
  const { page } = await visit(t, `${platform.url}/login`);
  await enterUsername(page, 'zoe@example.com');
  await page.waitForURL(`${platform.url}/`);
  const { sid } = (await readState()).sessions.at(-1);
  await page.goto(`${provider.url}/${tenant}/oauth2/v2.0/logout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out of your account.').waitFor();
  const { sessions, logout_tokens: tokens } = await readState();
  assert.ok(!sessions.some((session) => session.sid === sid));
  const { accepted, ended, sid: told } = tokens.at(-1);
  assert.deepEqual({ accepted, ended, told }, { accepted: true, ended: 1, told: sid });
  await page.goto(platform.url);
  assert.ok(await page.getByRole('link', { name: 'Sign in' }).isVisible());
});

test('somebody who cancels is told so and stays signed out', async (t) => {
  const { page } = await visit(t, `${platform.url}/login`);
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.locator('[data-error]').textContent(), 'access_denied');
  await assertAccessible(page);
  // An answer counts once, even one that says no.
  await page.reload();
  assert.equal(await page.locator('[data-error]').textContent(), 'unknown_state');
});

test('whoever signs in again has a new session, and the old one is dead', async (t) => {
  const { page } = await visit(t, platform.url);
  const answers = observeAnswers(page, platform.url);
  const cookie = async () =>
    (await page.context().cookies(platform.url)).find(({ name }) => name.startsWith('platform_session_'));
  await page.goto(`${platform.url}/login`);
  await enterUsername(page, 'ada@example.com');
  await page.waitForURL(`${platform.url}/`);
  const old = await cookie();
  await page.goto(`${platform.url}/login`);
  assert.equal(page.url(), `${platform.url}/`, 'the provider still knows them');
  const { name, value } = await cookie();
  assert.notEqual(value, old.value);
  const shown = async (id) => (await fetch(platform.url, { headers: { cookie: `${name}=${id}` } })).text();
  assert.match(await shown(value), /You are signed in/);
  assert.match(await shown(old.value), /You are not signed in/);
  for (const answer of await answers.settled()) {
    if (answer.status === 200 && answer.headers['content-type']?.startsWith('text/html')) assertPrivatePage(answer);
  }
});

test('an unknown username is asked for again', async (t) => {
  const { page } = await visit(t, `${platform.url}/login`);
  await enterUsername(page, 'nobody@example.com');
  assert.ok(await page.getByRole('alert').isVisible());
  await assertAccessible(page);
});

test('a third party may begin the sign-in, with the right issuer and a page of the platform', async (t) => {
  const { page } = await visit(t, platform.url);
  const initiate = (parameters) => `${platform.url}/initiate?${new URLSearchParams(parameters)}`;
  const good = { iss: provider.issuer, login_hint: 'zoe@example.com', target_link_uri: `${platform.url}/?course=7` };
  for (const wrong of [
    { iss: 'https://elsewhere.example' },
    { target_link_uri: 'https://elsewhere.example/' },
    { target_link_uri: '//elsewhere.example' },
  ]) {
    assert.equal((await page.goto(initiate({ ...good, ...wrong }))).status(), 400);
  }
  await page.goto(initiate(good));
  assert.equal(await page.getByLabel('Username').inputValue(), 'zoe@example.com');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${platform.url}/?course=7`);
  assert.equal(await claim(page, 'name'), 'Zoë O’Neil');
});

test('an answer that nobody asked for, that another browser asked for, or that was used, is refused', async (t) => {
  const asking = await visit(t, `${platform.url}/login`);
  const answered = asking.page.waitForRequest((request) => request.url().startsWith(`${platform.url}/callback`));
  await enterUsername(asking.page, 'ada@example.com');
  const address = (await answered).url();
  await asking.page.waitForURL(`${platform.url}/`);
  const other = await visit(t, `${platform.url}/login`);
  for (const [page, unwanted] of [
    [other.page, `${platform.url}/callback?code=a&state=b`],
    [other.page, `${platform.url}/callback?code=a`],
    [other.page, address],
    [asking.page, address],
  ]) {
    assert.equal((await page.goto(unwanted)).status(), 400);
    assert.equal(await page.locator('[data-error]').textContent(), 'unknown_state');
  }
  await asking.page.goto(platform.url);
  assert.equal(await claim(asking.page, 'name'), 'Ada Lovelace', 'they stay signed in');
});

test('the provider wants PKCE', async (t) => {
  const request = new URLSearchParams({
    client_id: 'platform',
    redirect_uri: `${platform.url}/callback`,
    response_type: 'code',
    scope: 'openid',
    state: 'state',
    nonce: 'nonce',
  });
  const answer = await fetch(`${provider.url}/${tenant}/oauth2/v2.0/authorize?${request}`, { redirect: 'manual' });
  assert.equal(new URL(answer.headers.get('location')).searchParams.get('error'), 'invalid_request');
});
