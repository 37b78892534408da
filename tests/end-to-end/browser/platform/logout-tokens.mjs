import { createRemoteJWKSet, jwtVerify } from 'jose';

const event = 'http://schemas.openid.net/event/backchannel-logout';
const remembered = 1_000;

/** Checks logout tokens as OpenID Connect Back-Channel Logout 1.0 (section 2.6) demands, and remembers what came. */
export class LogoutTokens {
  #client;
  #keys;
  #received = [];
  #seen = new Map();

  constructor(client) {
    this.#client = client;
  }

  /** Tells whose sessions a token ends, or throws. */
  async check(token) {
    const metadata = (await this.#client.configuration()).serverMetadata();
    this.#keys ??= createRemoteJWKSet(new URL(metadata.jwks_uri));
    const algorithms = (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter(
      (algorithm) => algorithm !== 'none' && !algorithm.startsWith('HS'),
    );
    const { payload, protectedHeader } = await jwtVerify(token, this.#keys, {
      issuer: metadata.issuer,
      audience: this.#client.clientId,
      algorithms,
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      maxTokenAge: '10 minutes',
      clockTolerance: '30 seconds',
    });
    checkClaims(payload, protectedHeader);
    this.#checkFirstUse(payload);
    return { sid: payload.sid, sub: payload.sub, jti: payload.jti };
  }

  #checkFirstUse({ jti, exp }) {
    const now = Date.now() / 1000;
    for (const [known, expires] of this.#seen) {
      if (expires < now) this.#seen.delete(known);
    }
    if (this.#seen.has(jti)) throw new Error('jti was used before');
    // For as long as the token would be accepted, the clocks' difference included.
    this.#seen.set(jti, exp + 60);
  }

  record(entry) {
    this.#received.push({ received_at: new Date().toISOString(), ...entry });
    if (this.#received.length > remembered) this.#received.shift();
  }

  describe() {
    return this.#received;
  }
}

function checkClaims(payload, { typ }) {
  // Other kinds of tokens name their type. One without a name is allowed: naming it is only recommended.
  if (typ !== undefined && !['logout+jwt', 'jwt'].includes(typ.toLowerCase().replace(/^application\//, ''))) {
    throw new Error(`typ ${typ} is not that of a logout token`);
  }
  const content = payload.events?.[event];
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new Error('events lacks the logout event');
  if ('nonce' in payload) throw new Error('nonce is forbidden: this may be an ID token');
  for (const name of ['jti', 'sub', 'sid']) {
    if (payload[name] !== undefined && (typeof payload[name] !== 'string' || payload[name] === ''))
      throw new Error(`${name} is not text`);
  }
  // Another audience is one that this platform does not trust.
  if ([payload.aud].flat().length !== 1) throw new Error('aud has more than this client');
  if (payload.sub === undefined && payload.sid === undefined) throw new Error('neither sub nor sid');
}
