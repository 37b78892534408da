import { answerStyle } from '../web/html.mjs';
import { answerInteraction } from './interactions.mjs';

/** The names that stand for every tenant, below which an application of several tenants begins. */
const aliases = ['organizations', 'common'];

/**
 * The library's routes are relative to its issuer, or to nothing. Entra's are not below its issuer, so this stands
 * before the library and hands it the paths it knows.
 */
export function frontOf({ origin, tenant, provider, accounts }) {
  const callback = provider.callback();
  return async (request, response) => {
    if (answerStyle(request, response)) return;
    const url = new URL(request.url, origin);
    const [, first, ...rest] = url.pathname.split('/');
    const alias = aliases.includes(first) ? first : undefined;
    if (!alias && first !== tenant) return response.writeHead(404).end();
    const path = rest.join('/');

    if (alias && path === 'v2.0/.well-known/openid-configuration') {
      return answerTemplate(response, `${origin}/${tenant}/${path}`, (text) =>
        metadataOf(text, { origin, tenant, alias }),
      );
    }
    if (alias && path === 'discovery/v2.0/keys') {
      return answerTemplate(response, `${origin}/${tenant}/${path}`, (text) =>
        text.replaceAll(provider.issuer, templateIssuer(origin)),
      );
    }
    if (rest[0] === 'login' && rest.length === 2) return answerInteraction({ provider, accounts }, request, response);
    request.url =
      (path === 'v2.0/.well-known/openid-configuration' ? '/.well-known/openid-configuration' : `/${tenant}/${path}`) +
      url.search;
    return callback(request, response);
  };
}

/** As Entra writes it, braces included: who reads it puts the token's tenant there. */
function templateIssuer(origin) {
  return `${origin}/{tenantid}/v2.0`;
}

function metadataOf(text, { origin, tenant, alias }) {
  const metadata = JSON.parse(text.replaceAll(`${origin}/${tenant}/`, `${origin}/${alias}/`));
  return JSON.stringify({ ...metadata, issuer: templateIssuer(origin) });
}

async function answerTemplate(response, address, rewrite) {
  const own = await fetch(address);
  response.writeHead(own.status, { 'content-type': own.headers.get('content-type') }).end(rewrite(await own.text()));
}
