import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { calculateJwkThumbprint } from 'jose';
import { interactionPolicy, Provider } from 'oidc-provider';

import { html, page, pageHeaders, trusted } from '../web/html.mjs';
import { pairwiseSubject } from './accounts.mjs';

/** The provider, with Entra's issuer, paths and claims. */
export async function createProvider({ origin, tenant, client, accounts }) {
  const provider = new Provider(`${origin}/${tenant}/v2.0`, {
    clients: [client],
    jwks: { keys: [await signingKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    routes: {
      authorization: `/${tenant}/oauth2/v2.0/authorize`,
      token: `/${tenant}/oauth2/v2.0/token`,
      jwks: `/${tenant}/discovery/v2.0/keys`,
      end_session: `/${tenant}/oauth2/v2.0/logout`,
      userinfo: `/${tenant}/oidc/userinfo`,
    },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub', 'tid', 'ver', 'nbf'],
      profile: ['oid', 'name', 'preferred_username', 'locale'],
      email: ['email'],
    },
    // Entra's ID tokens hold the claims themselves, not only the answer of the user-info endpoint.
    conformIdTokenClaims: false,
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_context, accountId, { clientId }) => pairwiseSubject(tenant, accountId, clientId),
    sectorIdentifierUriValidate: () => false,
    findAccount: (_context, accountId) => accounts.find(accountId),
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    // Its own protection would refuse to call a platform on this machine.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    interactions: {
      policy: policy(),
      url: (_context, { uid }) => `/${tenant}/login/${uid}`,
    },
    loadExistingGrant,
    renderError,
  });
  provider.use(issuerOfKeys);
  return provider;
}

async function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ format: 'jwk' });
  return { ...key, use: 'sig', kid: await calculateJwkThumbprint(key) };
}

/** Entra's published keys tell for which issuer they are. */
async function issuerOfKeys(context, next) {
  await next();
  if (context.oidc?.route === 'jwks') {
    context.body.keys = context.body.keys.map((key) => ({ ...key, issuer: context.oidc.issuer }));
  }
}

function policy() {
  const { base, Prompt } = interactionPolicy;
  const prompts = base();
  prompts.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  return prompts;
}

/** An administrator has consented for everybody already; only `prompt=consent` asks again. */
async function loadExistingGrant(context) {
  const { provider, client, session, result, params } = context.oidc;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  if (grantId) return provider.Grant.find(grantId);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function send(context, title, body) {
  context.set(pageHeaders);
  context.body = page(title, body);
}

function logoutSource(context, form) {
  send(
    context,
    'Sign out',
    html`<p>Do you want to sign out of your account?</p>
      ${trusted(form)}
      <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
  );
}

function postLogoutSuccessSource(context) {
  send(context, 'Signed out', html`<p>You are signed out of your account.</p>`);
}

function renderError(context, { error, error_description: description }) {
  send(
    context,
    'Sorry, but we’re having trouble signing you in',
    html`<p class="failure"><code data-error>${error}</code></p>
      <p>${description}</p>`,
  );
}
