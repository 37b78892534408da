// The sample platform is strict about logout tokens. Were it not, Rollcall could send bad ones unnoticed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { base64url, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';

import { start } from './driver/processes.mjs';
import { startSigningProvider } from './driver/signing-provider.mjs';

const event = 'http://schemas.openid.net/event/backchannel-logout';
let provider;
let platform;

before(async () => {
  provider = await startSigningProvider();
  platform = await start('platform/server.mjs', {
    issuer: provider.issuer,
    'client-id': 'platform',
    'client-secret': 'secret',
  });
});

after(async () => {
  await platform?.stop();
  provider?.stop();
});

/** Claims that are accepted, but for what is to differ; `undefined` leaves a claim out. */
function claims(different = {}) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: provider.issuer,
    aud: 'platform',
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    sub: 'somebody',
    sid: 'session',
    events: { [event]: {} },
    ...different,
  };
}

async function send(token, headers = {}) {
  const answer = await fetch(`${platform.url}/backchannel-logout`, {
    method: 'POST',
    body: token === undefined ? new URLSearchParams() : new URLSearchParams({ logout_token: token }),
    headers,
  });
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  return answer.status;
}

test('a logout token is accepted, once', async () => {
  const token = await provider.sign(claims());
  assert.equal(await send(token), 200);
  assert.equal(await send(token), 400);
  const { logout_tokens: tokens } = await (await fetch(`${platform.url}/state`)).json();
  const { accepted, sub, sid, ended } = tokens[0];
  assert.deepEqual({ accepted, sub, sid, ended }, { accepted: true, sub: 'somebody', sid: 'session', ended: 0 });
  assert.equal(tokens[1].accepted, false);
});

const now = Math.floor(Date.now() / 1000);
const accepted = {
  'without sid': { sid: undefined },
  'without sub': { sub: undefined },
  'whose audience is a list of one': { aud: ['platform'] },
};
for (const [what, different] of Object.entries(accepted)) {
  test(`accepted: ${what}`, async () => assert.equal(await send(await provider.sign(claims(different))), 200));
}

const refused = {
  'of another issuer': { iss: 'https://elsewhere.example' },
  'for another client': { aud: 'other' },
  'for other clients as well': { aud: ['platform', 'other'] },
  'without an audience': { aud: undefined },
  'without iat': { iat: undefined },
  'of an hour ago': { iat: now - 3600 },
  'of tomorrow': { iat: now + 86_400, exp: now + 90_000 },
  'without exp': { exp: undefined },
  'that expired': { exp: now - 60 },
  'without jti': { jti: undefined },
  'whose jti is not text': { jti: 7 },
  'with neither sub nor sid': { sub: undefined, sid: undefined },
  'whose sid is not text': { sid: ['session'] },
  'with a nonce': { nonce: 'nonce' },
  'without events': { events: undefined },
  'with another event': { events: { 'http://schemas.openid.net/event/other': {} } },
  'whose event is not an object': { events: { [event]: true } },
};
for (const [what, different] of Object.entries(refused)) {
  test(`refused: a token ${what}`, async () => assert.equal(await send(await provider.sign(claims(different))), 400));
}

test('refused: a token of another kind', async () => {
  assert.equal(await send(await provider.sign(claims(), { typ: 'at+jwt' })), 400);
});

test('refused: a token that is not signed', async () => {
  assert.equal(await send(new UnsecuredJWT(claims()).encode()), 400);
});

test('refused: a token signed with another key under the same name', async () => {
  const { privateKey } = await generateKeyPair('RS256');
  assert.equal(await send(await provider.sign(claims(), {}, privateKey)), 400);
});

test('refused: a token whose key is unknown', async () => {
  assert.equal(await send(await provider.sign(claims(), { kid: 'key-2' })), 400);
});

test('refused: a token signed with the public key as if it were a secret', async () => {
  const secret = base64url.decode(provider.publicKey.n);
  const token = await new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', kid: provider.publicKey.kid, typ: 'logout+jwt' })
    .sign(secret);
  assert.equal(await send(token), 400);
});

test('refused: a token whose claims were changed after signing', async () => {
  const [header, , signature] = (await provider.sign(claims())).split('.');
  const changed = base64url.encode(JSON.stringify(claims({ sub: 'somebody else' })));
  assert.equal(await send([header, changed, signature].join('.')), 400);
});

test('refused: no token, nonsense, and what is not a form', async () => {
  assert.equal(await send(undefined), 400);
  assert.equal(await send('nonsense'), 400);
  assert.equal(await send(await provider.sign(claims()), { 'content-type': 'application/json' }), 400);
});
