// The independent provider refuses what a provider must refuse, and takes the credential that Entra recommends.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { decodeJwt, SignJWT } from 'jose';

import { launchBrowser, openPage } from './driver/browser.mjs';
import { freePort, start } from './driver/processes.mjs';

const tenant = '22222222-0000-4000-8000-000000000001';
const clientId = '33333333-0000-4000-8000-000000000001';
const verifier = 'v'.repeat(43);
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const markup = '<img src=x onerror=alert(1)>';
let folder;
let provider;
let platform;
let browser;
let redirectUri;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'independent-provider-'));
  const files = {
    certificate: path.join(folder, 'public.pem'),
    key: path.join(folder, 'private.pem'),
    accounts: path.join(folder, 'accounts.json'),
  };
  await writeFile(files.certificate, keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(files.key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const person = (number, name) => ({
    oid: `44444444-0000-4000-8000-00000000000${number}`,
    name,
    preferred_username: `${name}@corp.example`,
    email: `${name}@mail.example`,
  });
  await writeFile(
    files.accounts,
    JSON.stringify([person(1, 'one'), person(2, 'two'), { ...person(3, 'three'), name: markup }]),
  );
  const port = await freePort();
  redirectUri = `http://127.0.0.1:${port}/callback`;
  provider = await start('independent-provider/server.mjs', {
    tenant,
    accounts: files.accounts,
    'client-id': clientId,
    'auth-method': 'private_key_jwt',
    certificate: files.certificate,
    'redirect-uri': redirectUri,
  });
  platform = await start('platform/server.mjs', {
    port,
    issuer: provider.issuer,
    'client-id': clientId,
    'auth-method': 'private_key_jwt',
    'key-file': files.key,
  });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await platform?.stop();
  await provider?.stop();
  await rm(folder, { recursive: true, force: true });
});

const endpoint = (name, first = tenant) => `${provider.url}/${first}/oauth2/v2.0/${name}`;

function authorizeUrl(different = {}, first = tenant) {
  const parameters = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    state: 'state',
    nonce: 'nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...different,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `${endpoint('authorize', first)}?${new URLSearchParams(given)}`;
}

/** The certificate's assertion as Microsoft documents it. */
function assertion(different = {}, signer = keys.privateKey) {
  const now = Math.floor(Date.now() / 1000);
  const thumbprint = createHash('sha256').update('certificate').digest('base64url');
  return new SignJWT({
    aud: endpoint('token'),
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: now,
    iat: now,
    exp: now + 300,
    ...different,
  })
    .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint })
    .sign(signer);
}

async function redeem(code, different = {}) {
  const answer = await fetch(endpoint('token'), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(),
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...different,
    }),
  });
  return answer.json();
}

/** What the provider answers to an authorization request, with somebody at the browser who signs in as `username`. */
async function signIn(t, address, username, opened) {
  const { context, page } = opened ?? (await openPage(browser));
  if (!opened) t.after(() => context.close());
  await page.goto(address);
  if (username) {
    await page.getByLabel('Username').fill(username);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  // The platform did not ask for this answer, so it leaves the code alone.
  await page.waitForURL(`${redirectUri}*`);
  return new URL(page.url()).searchParams;
}

test('a code is exchanged with an assertion, once, and the ID token is like one of Entra', async (t) => {
  const answer = await signIn(t, authorizeUrl(), 'one@corp.example');
  assert.equal(answer.get('state'), 'state');
  assert.equal(answer.get('iss'), provider.issuer);
  const { id_token: token } = await redeem(answer.get('code'));
  const { iss, aud, tid, oid, ver, name, preferred_username: username, email, nonce, sub } = decodeJwt(token);
  assert.deepEqual(
    { iss, aud, tid, oid, ver, name, username, email, nonce },
    {
      iss: provider.issuer,
      aud: clientId,
      tid: tenant,
      oid: '44444444-0000-4000-8000-000000000001',
      ver: '2.0',
      name: 'one',
      username: 'one@corp.example',
      email: 'one@mail.example',
      nonce: 'nonce',
    },
  );
  assert.notEqual(sub, oid);
  assert.equal((await redeem(answer.get('code'))).error, 'invalid_grant');
});

test('an application of several tenants begins below organizations and is answered by the tenant', async (t) => {
  const answer = await signIn(t, authorizeUrl({}, 'organizations'), 'one@corp.example');
  const { id_token: token } = await redeem(answer.get('code'));
  assert.equal(decodeJwt(token).iss, provider.issuer);
});

test('without the scope of profiles there is no object id', async (t) => {
  const answer = await signIn(t, authorizeUrl({ scope: 'openid' }), 'one@corp.example');
  const claims = decodeJwt((await redeem(answer.get('code'))).id_token);
  assert.deepEqual([claims.oid, claims.name, claims.email], [undefined, undefined, undefined]);
});

test('prompt=none fails without a session and is silent with one', async (t) => {
  const opened = await openPage(browser);
  t.after(() => opened.context.close());
  const silent = authorizeUrl({ prompt: 'none' });
  assert.equal((await signIn(t, silent, undefined, opened)).get('error'), 'login_required');
  await signIn(t, authorizeUrl(), 'one@corp.example', opened);
  assert.ok((await signIn(t, silent, undefined, opened)).get('code'));
});

for (const prompt of ['login', 'select_account']) {
  test(`prompt=${prompt} asks again, and somebody else may answer`, async (t) => {
    const opened = await openPage(browser);
    t.after(() => opened.context.close());
    for (const username of ['one', 'two']) {
      const answer = await signIn(t, authorizeUrl({ prompt }), `${username}@corp.example`, opened);
      assert.equal(decodeJwt((await redeem(answer.get('code'))).id_token).name, username);
    }
  });
}

const refusedRedemptions = {
  'another verifier': [() => ({ code_verifier: 'w'.repeat(43) }), 'invalid_grant'],
  'another redirect URI': [() => ({ redirect_uri: 'http://127.0.0.1:1/callback' }), 'invalid_grant'],
  'an assertion for another audience': [
    async () => ({ client_assertion: await assertion({ aud: 'https://elsewhere.example/token' }) }),
    'invalid_client',
  ],
  'an assertion that expired': [
    async () => ({ client_assertion: await assertion({ exp: Math.floor(Date.now() / 1000) - 60 }) }),
    'invalid_client',
  ],
  'an assertion of another key': [
    async () => ({
      client_assertion: await assertion({}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    }),
    'invalid_client',
  ],
};
for (const [what, [different, error]] of Object.entries(refusedRedemptions)) {
  test(`a code is not exchanged with ${what}`, async (t) => {
    const answer = await signIn(t, authorizeUrl(), 'one@corp.example');
    assert.equal((await redeem(answer.get('code'), await different())).error, error);
  });
}

const refusedRequests = {
  'no code challenge': { code_challenge: undefined, code_challenge_method: undefined },
  'a challenge that is not hashed': { code_challenge_method: 'plain' },
  'a response type beside code': { response_type: 'id_token' },
};
for (const [what, different] of Object.entries(refusedRequests)) {
  test(`the client is told that ${what} is refused`, async () => {
    const answer = await fetch(authorizeUrl(different), { redirect: 'manual' });
    const { origin, searchParams, hash } = new URL(answer.headers.get('location'));
    assert.equal(origin, new URL(redirectUri).origin);
    assert.ok(searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error'));
  });
}

for (const [what, different] of Object.entries({
  'another redirect URI': { redirect_uri: 'https://elsewhere.example/' },
  'an unknown client': { client_id: 'other' },
})) {
  test(`with ${what} nobody is sent anywhere`, async () => {
    const answer = await fetch(authorizeUrl(different), { redirect: 'manual', headers: { accept: 'text/html' } });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('location'), null);
  });
}

/** Somebody who signs in to a sample platform; the one that proves itself with its key if no other is named. */
async function signInToPlatform(t, username, { origin = platform.url, consent = false } = {}) {
  const { context, page, problems } = await openPage(browser);
  t.after(() => context.close());
  await page.goto(`${origin}/login${consent ? '?prompt=consent' : ''}`);
  await page.getByLabel('Username').fill(username);
  await page.getByRole('button', { name: 'Sign in' }).click();
  if (consent) await page.getByRole('button', { name: 'Accept' }).click();
  await page.waitForURL((url) => url.origin === origin);
  return { page, problems };
}

const refresh = async (page, origin = platform.url) => (await page.request.post(`${origin}/refresh`)).json();

test('the sample platform shows what a directory says, and runs none of it', async (t) => {
  const { page, problems } = await signInToPlatform(t, 'three@corp.example');
  assert.equal(await page.locator('[data-claim="name"]').textContent(), markup);
  assert.deepEqual(problems, []);
});

test('the sample platform says so if it has nothing to refresh', async (t) => {
  const { page } = await signInToPlatform(t, 'two@corp.example');
  assert.deepEqual(await refresh(page), { ok: false, error: 'no_refresh_token' });
  await page.context().clearCookies();
  assert.deepEqual(await refresh(page), { ok: false, error: 'not_signed_in' });
});

/** A provider that knows its client by a secret, on a port that stays the same if it is started again. */
async function startWithSecret(t, redirects, port) {
  const started = await start('independent-provider/server.mjs', {
    ...bySecret,
    port,
    tenant,
    'redirect-uri': redirects.map((origin) => `${origin}/callback`),
  });
  t.after(() => started.stop());
  return started;
}

const bySecret = { 'client-id': clientId, 'client-secret': 'right', 'auth-method': 'client_secret_post' };

async function startPlatformWithSecret(t, issuer, different) {
  const started = await start('platform/server.mjs', { ...bySecret, issuer, ...different });
  t.after(() => started.stop());
  return started;
}

test('a client secret goes in the body as well, and a wrong one is refused', async (t) => {
  const ports = [await freePort(), await freePort()];
  const { issuer } = await startWithSecret(
    t,
    ports.map((port) => `http://127.0.0.1:${port}`),
    0,
  );
  const outcomes = { right: 'You are signed in', wrong: 'invalid_client' };
  for (const [index, [secret, shown]] of Object.entries(outcomes).entries()) {
    const { url } = await startPlatformWithSecret(t, issuer, { port: ports[index], 'client-secret': secret });
    const { page } = await signInToPlatform(t, 'ada@example.com', { origin: url });
    await page.getByText(shown).waitFor();
  }
});

test('a refresh token that the provider no longer knows ends the session of the sample platform', async (t) => {
  const ports = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${ports[1]}`;
  const first = await startWithSecret(t, [origin], ports[0]);
  await startPlatformWithSecret(t, first.issuer, { port: ports[1] });
  const { page } = await signInToPlatform(t, 'ada@example.com', { origin, consent: true });
  assert.deepEqual(await refresh(page, origin), { ok: true });
  await first.stop();
  assert.equal((await refresh(page, origin)).ok, false);
  await page.goto(origin);
  assert.ok(await page.getByText('You are signed in').isVisible(), 'an outage signs nobody out');
  await startWithSecret(t, [origin], ports[0]);
  const { ok, error } = await refresh(page, origin);
  assert.deepEqual({ ok, error }, { ok: false, error: 'invalid_grant' });
  assert.deepEqual(await refresh(page, origin), { ok: false, error: 'not_signed_in' });
});
