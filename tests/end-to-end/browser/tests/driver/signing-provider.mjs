import { createServer } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';

import { listen } from '../../web/server.mjs';

const keyId = 'key-1';

/** Discovery and keys of a provider that does nothing else, so that a test may sign whatever it likes in its name. */
export async function startSigningProvider() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), use: 'sig', alg: 'RS256', kid: keyId };
  const answers = new Map();
  const server = createServer((request, response) => {
    const answer = answers.get(request.url);
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  const issuer = await listen(server, '127.0.0.1', 0);
  answers.set('/keys', { keys: [key] });
  answers.set('/.well-known/openid-configuration', {
    issuer,
    jwks_uri: `${issuer}/keys`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    id_token_signing_alg_values_supported: ['RS256'],
  });
  return {
    issuer,
    publicKey: key,
    sign: (claims, header = {}, signer = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: keyId, typ: 'logout+jwt', ...header }).sign(signer),
    stop: () => server.close(),
  };
}
