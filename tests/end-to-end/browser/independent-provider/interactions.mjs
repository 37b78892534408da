import { html, page, pageHeaders } from '../web/html.mjs';
import { readForm } from '../web/server.mjs';

/** The pages between the authorization request and its answer: who are you, and do you agree. */
export async function answerInteraction({ provider, accounts }, request, response) {
  let interaction;
  try {
    interaction = await provider.interactionDetails(request, response);
  } catch {
    return send(
      response,
      400,
      'This page is no longer valid',
      html`<p>Go back to the application and sign in again.</p>`,
    );
  }
  const { prompt, params } = interaction;
  if (request.method === 'GET') {
    return prompt.name === 'consent' ? askConsent(response) : askWho(response, 200, params.login_hint);
  }
  const form = await readForm(request);
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  if (form?.get('action') === 'cancel')
    return finish({ error: 'access_denied', error_description: 'the user canceled the authentication' });
  if (prompt.name === 'consent') return finish({ consent: { grantId: await consent(provider, interaction) } });
  const account = accounts.byUserName(form?.get('username'));
  if (!account) return askWho(response, 400, form?.get('username'), 'This username may be incorrect.');
  // Whoever chose an account has signed in as well: there is no password here.
  return finish({ login: { accountId: account.oid }, select_account: {} });
}

async function consent(provider, { grantId, params, session }) {
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return grant.save();
}

function askWho(response, status, username, problem) {
  send(
    response,
    status,
    'Sign in to your account',
    html`<form method="post">
      ${problem && html`<p class="failure" role="alert">${problem}</p>`}
      <label for="username">Username</label>
      <input id="username" name="username" autocomplete="username" value="${username}" />
      <button name="action" value="continue">Sign in</button>
      <button name="action" value="cancel">Cancel</button>
    </form>`,
  );
}

function askConsent(response) {
  send(
    response,
    200,
    'Permissions requested',
    html`<p>The application would like to sign you in, read your profile, and stay signed in.</p>
      <form method="post">
        <button name="action" value="accept">Accept</button>
        <button name="action" value="cancel">Cancel</button>
      </form>`,
  );
}

function send(response, status, title, body) {
  response.writeHead(status, pageHeaders).end(page(title, body));
}
