import { randomBytes } from 'node:crypto';

import { answerStyle, pageHeaders } from '../web/html.mjs';
import { readForm } from '../web/server.mjs';
import * as pages from './pages.mjs';
import * as signIn from './sign-in.mjs';

const failures = [];
const failuresRemembered = 1_000;

/** Answers one request. */
export async function answer(platform, request, response) {
  if (answerStyle(request, response)) return;
  const url = new URL(request.url, platform.url);
  const route = routes[`${request.method} ${url.pathname}`];
  if (!route) return sendPage(response, 404, pages.notFound());
  await route({ platform, request, response, url, session: platform.sessions.of(request) });
}

const routes = {
  'GET /': home,
  'GET /login': login,
  'GET /initiate': ({ url, ...context }) => initiate(context, url.searchParams),
  'POST /initiate': async (context) => initiate(context, (await readForm(context.request)) ?? new URLSearchParams()),
  'GET /callback': callback,
  'GET /logout': logout,
  'GET /signed-out': signedOut,
  'POST /backchannel-logout': backchannelLogout,
  'POST /refresh': refresh,
  'GET /state': state,
};

function home({ platform, response, session }) {
  sendPage(response, 200, session?.claims ? pages.account(platform, session) : pages.welcome(platform));
}

async function login({ url, ...context }) {
  await beginSignIn(context, url.searchParams);
}

/** Login initiated by a third party (OpenID Connect Core, section 4). */
async function initiate(context, parameters) {
  if (parameters.get('iss') !== context.platform.client.issuer) {
    return refuse(context.response, {
      error: 'unknown_issuer',
      description: 'iss is not the provider of this platform',
    });
  }
  await beginSignIn(context, parameters);
}

async function beginSignIn({ platform, response, session }, parameters) {
  const target = signIn.ownPage(platform, parameters.get('target_link_uri'));
  if (!target) {
    return refuse(response, { error: 'foreign_target', description: 'target_link_uri is not a page of this platform' });
  }
  try {
    const location = await signIn.begin(platform, session ?? platform.sessions.open(response), parameters, target);
    redirect(response, location.href);
  } catch (error) {
    sendFailure(response, 502, error);
  }
}

async function callback({ platform, response, session, url }) {
  try {
    const { target, content } = await signIn.finish(platform, session, url);
    platform.sessions.end(session, 'signed in again');
    platform.sessions.open(response, content);
    redirect(response, target);
  } catch (error) {
    sendFailure(response, 400, error);
  }
}

async function logout({ platform, response, session }) {
  if (!session?.claims) return redirect(response, '/signed-out');
  platform.sessions.end(session, 'signed out');
  const logoutState = randomBytes(16).toString('base64url');
  platform.sessions.open(response, { logoutState });
  try {
    const location = await signIn.endSessionUrl(platform, session, logoutState);
    redirect(response, location?.href ?? `/signed-out?state=${logoutState}`);
  } catch (error) {
    sendFailure(response, 502, error);
  }
}

function signedOut({ platform, response, session, url }) {
  const expected = session?.logoutState !== undefined && session.logoutState === url.searchParams.get('state');
  sendPage(response, 200, pages.signedOut(platform, expected));
}

async function backchannelLogout({ platform, request, response }) {
  const token = (await readForm(request))?.get('logout_token');
  try {
    if (!token) throw new Error('logout_token is missing');
    const subject = await platform.logoutTokens.check(token);
    const ended = platform.sessions.endMatching(subject, 'back-channel logout');
    platform.logoutTokens.record({ accepted: true, ...subject, ended });
    response.writeHead(200, { 'cache-control': 'no-store' }).end();
  } catch (error) {
    platform.logoutTokens.record({ accepted: false, error: error.message });
    sendJson(response, 400, { error: 'invalid_request', error_description: error.message });
  }
}

async function refresh({ platform, response, session }) {
  if (!session?.claims) return sendJson(response, 401, { ok: false, error: 'not_signed_in' });
  if (!session.refreshToken) return sendJson(response, 200, { ok: false, error: 'no_refresh_token' });
  try {
    await signIn.refresh(platform, session);
    sendJson(response, 200, { ok: true });
  } catch (error) {
    const failure = signIn.describeFailure(error);
    // The provider took the sign-in back: whoever it was must sign in again.
    if (failure.error === 'invalid_grant') platform.sessions.end(session, 'refresh refused');
    sendJson(response, 200, { ok: false, ...failure });
  }
}

function state({ platform, response }) {
  sendJson(response, 200, {
    ...platform.sessions.describe(),
    logout_tokens: platform.logoutTokens.describe(),
    failures,
  });
}

function sendFailure(response, status, error) {
  const failure = signIn.describeFailure(error);
  failures.push({ time: new Date().toISOString(), ...failure });
  if (failures.length > failuresRemembered) failures.shift();
  sendPage(response, status, pages.failure('Signing in failed', failure));
}

function refuse(response, failure) {
  sendPage(response, 400, pages.failure('Signing in failed', failure));
}

function redirect(response, location) {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end();
}

function sendPage(response, status, text) {
  response.writeHead(status, pageHeaders).end(text);
}

function sendJson(response, status, value) {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value));
}
