import * as openid from 'openid-client';

import { rememberSignIn, takeSignIn } from './sessions.mjs';

/** What a sign-in link may hand on to the provider. */
const handedOn = ['login_hint', 'connection', 'prompt', 'ui_locales'];

/** A page of this platform that may be gone to after signing in; anything else is somebody's redirect. */
export function ownPage(platform, target) {
  if (target === null || target === undefined) return '/';
  const url = URL.canParse(target, platform.url) ? new URL(target, platform.url) : undefined;
  return url?.origin === platform.url ? url.pathname + url.search : undefined;
}

/** Begins signing in: where to send the browser. */
export async function begin(platform, session, parameters, target) {
  const configuration = await platform.client.configuration();
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  rememberSignIn(session, state, { verifier, nonce, target });
  const given = handedOn.filter((name) => parameters.get(name)).map((name) => [name, parameters.get(name)]);
  return openid.buildAuthorizationUrl(configuration, {
    ...Object.fromEntries(given),
    redirect_uri: `${platform.url}/callback`,
    scope: platform.scope,
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
}

/** Exchanges the provider's answer for what a session holds. Throws what `describeFailure` describes. */
export async function finish(platform, session, url) {
  const signIn = takeSignIn(session, url.searchParams.get('state'));
  if (!signIn) throw Object.assign(new Error('no sign-in of this browser has this state'), { error: 'unknown_state' });
  const configuration = await platform.client.configuration();
  const tokens = await openid.authorizationCodeGrant(configuration, url, {
    pkceCodeVerifier: signIn.verifier,
    expectedState: url.searchParams.get('state'),
    expectedNonce: signIn.nonce,
    idTokenExpected: true,
  });
  return {
    target: signIn.target,
    content: { signedInAt: new Date().toISOString(), ...(await sessionContent(configuration, tokens)) },
  };
}

/** Uses the refresh token now; the session then holds what the provider says now. */
export async function refresh(platform, session) {
  const configuration = await platform.client.configuration();
  const tokens = await openid.refreshTokenGrant(configuration, session.refreshToken);
  const { idToken, refreshToken, claims } = await sessionContent(configuration, tokens, session.claims);
  Object.assign(session, {
    idToken: idToken ?? session.idToken,
    refreshToken: refreshToken ?? session.refreshToken,
    // A new ID token replaces the old one: a team that it no longer names is lost. It need not repeat the session's id.
    claims: idToken ? { sid: session.claims.sid, ...claims } : { ...session.claims, ...claims },
  });
}

async function sessionContent(configuration, tokens, known = {}) {
  const fromIdToken = tokens.claims() ?? {};
  const subject = fromIdToken.sub ?? known.sub;
  const fromUserInfo = configuration.serverMetadata().userinfo_endpoint
    ? await openid.fetchUserInfo(configuration, tokens.access_token, subject)
    : {};
  return { idToken: tokens.id_token, refreshToken: tokens.refresh_token, claims: { ...fromIdToken, ...fromUserInfo } };
}

/** Where the provider ends its own session, if it offers that. */
export async function endSessionUrl(platform, session, state) {
  const configuration = await platform.client.configuration();
  if (!configuration.serverMetadata().end_session_endpoint) return undefined;
  return openid.buildEndSessionUrl(configuration, {
    ...(session.idToken ? { id_token_hint: session.idToken } : {}),
    post_logout_redirect_uri: `${platform.url}/signed-out`,
    state,
  });
}

/** What the provider, or the library, says went wrong. */
export function describeFailure(error) {
  return {
    error: error.error ?? error.code ?? 'unknown',
    description:
      error.error_description ??
      [error.message, error.cause?.message].filter((text) => typeof text === 'string').join(': '),
  };
}
