import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The one application that is registered, as the library wants it described. */
export async function readClient(options) {
  for (const name of ['client-id', 'redirect-uri']) {
    if (!options[name]) throw new Error(`--${name} is missing`);
  }
  return {
    client_id: options['client-id'],
    redirect_uris: options['redirect-uri'],
    post_logout_redirect_uris: options['post-logout-redirect-uri'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    subject_type: 'pairwise',
    // Demanded of a client with redirect URIs on several hosts. Nobody reads it: subjects depend on the client's id alone.
    sector_identifier_uri: 'https://applications.invalid/redirect-uris',
    id_token_signed_response_alg: 'RS256',
    token_endpoint_auth_method: options['auth-method'],
    ...(await credential(options)),
    ...(options['backchannel-logout-uri']
      ? { backchannel_logout_uri: options['backchannel-logout-uri'], backchannel_logout_session_required: true }
      : {}),
  };
}

async function credential(options) {
  if (options['auth-method'] === 'private_key_jwt') {
    if (!options.certificate) throw new Error('--certificate is missing');
    const key = createPublicKey(await readFile(options.certificate));
    return { jwks: { keys: [key.export({ format: 'jwk' })] } };
  }
  if (!options['client-secret']) throw new Error('--client-secret is missing');
  return { client_secret: options['client-secret'] };
}
