// The deployed stack, as the test program describes it in the environment variable STACK:
// {url, adminToken, control, platformPort}.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { start } from '../tests/driver/processes.mjs';

export const stack = JSON.parse(process.env.STACK ?? '{}');

async function send(method, address, body, headers = {}) {
  const answer = await fetch(address, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${address} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text === '' ? null : JSON.parse(text);
}

/** Calls the admin API. */
export const api = (method, path, body) =>
  send(method, `${stack.url}${path}`, body, { authorization: `Bearer ${stack.adminToken}` });

/** Calls the control API of the simulated tenants. */
export const control = (method, path, body) => send(method, `${stack.control}${path}`, body);

/** Looks until something is there. */
export async function until(what, look, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await sleep(100);
  }
  return assert.fail(`waited ${seconds} s for ${what}`);
}

/** People of a tenant who may sign in, with what is known of them. */
export async function peopleOf(tenant) {
  const wanted = 'accountEnabled,userType,userPrincipalName,displayName,givenName,surname';
  const { people } = await control('GET', `/tenants/${tenant}/state?deleted=false&properties=${wanted}`);
  return people.filter(({ accountEnabled, userType }) => accountEnabled && userType !== 'Guest');
}

/** Waits until the newest run of a connection has ended well. */
export const hasRun = (connection) =>
  until('the first run', async () => {
    const { items } = await api('GET', `/connections/${connection}/runs?limit=1`);
    if (items[0]?.status === 'failed') assert.fail(JSON.stringify(items[0]));
    return items[0]?.finished_at;
  });

/** Registers the sample platform as a client, and starts it. */
export async function startPlatform(scope) {
  const origin = `http://127.0.0.1:${stack.platformPort}`;
  const client = await api('POST', '/clients', {
    name: 'Sample Academy',
    redirect_uris: [`${origin}/callback`],
    post_logout_redirect_uris: [`${origin}/signed-out`],
    initiate_login_uri: `${origin}/initiate`,
    backchannel_logout_uri: `${origin}/backchannel-logout`,
    authentication: { method: 'secret' },
  });
  // Signing keys are made when they are first needed.
  await fetch(`${stack.url}/jwks`);
  return start('platform/server.mjs', {
    port: stack.platformPort,
    issuer: stack.url,
    'client-id': client.client_id,
    'client-secret': client.client_secret,
    scope,
  });
}
