import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { importPKCS8 } from 'jose';
import * as openid from 'openid-client';

const curves = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

async function readPrivateKey(file) {
  const key = createPrivateKey(await readFile(file));
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'RS256' : curves[key.asymmetricKeyDetails.namedCurve];
  if (!algorithm) throw new Error(`${file} holds neither an RSA key nor one of a known curve`);
  return importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }), algorithm);
}

async function clientAuthentication(options) {
  const method = options['auth-method'];
  switch (method) {
    case 'client_secret_basic':
      return openid.ClientSecretBasic(options['client-secret']);
    case 'client_secret_post':
      return openid.ClientSecretPost(options['client-secret']);
    case 'private_key_jwt':
      return openid.PrivateKeyJwt({ key: await readPrivateKey(options['key-file']), kid: options['key-id'] });
    default:
      throw new Error(`--auth-method ${method} is not known`);
  }
}

/** The platform as a client of its OpenID provider. */
export class ProviderClient {
  #authentication;
  #discovered;

  static async fromOptions(options) {
    for (const name of ['issuer', 'client-id']) {
      if (!options[name]) throw new Error(`--${name} is missing`);
    }
    if (options['auth-method'] !== 'private_key_jwt' && !options['client-secret']) {
      throw new Error('--client-secret is missing');
    }
    return new ProviderClient(options.issuer, options['client-id'], await clientAuthentication(options));
  }

  constructor(issuer, clientId, authentication) {
    this.issuer = issuer;
    this.clientId = clientId;
    this.#authentication = authentication;
    const { protocol, hostname } = new URL(issuer);
    this.insecure = protocol === 'http:';
    if (this.insecure && hostname !== '127.0.0.1' && hostname !== 'localhost') {
      throw new Error(`${issuer} is not on this machine and not https`);
    }
  }

  /** What discovery told. Asked at the first use, so that the platform may be started before its provider. */
  configuration() {
    this.#discovered ??= this.#discover().catch((error) => {
      this.#discovered = undefined;
      throw error;
    });
    return this.#discovered;
  }

  async #discover() {
    // Signatures of ID tokens are checked even though they come straight from the provider: keys that do not fit
    // would go unseen otherwise.
    const execute = [openid.enableNonRepudiationChecks];
    if (this.insecure) execute.push(openid.allowInsecureRequests);
    return openid.discovery(new URL(this.issuer), this.clientId, undefined, this.#authentication, { execute });
  }
}
