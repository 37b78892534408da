import { randomBytes } from 'node:crypto';

const signInLifetime = 10 * 60 * 1000;
const signInsAtOnce = 5;
const sessionsAtOnce = 10_000;
const endedRemembered = 1_000;

/** Who is signed in, in memory. A browser's session is known by a random cookie. */
export class Sessions {
  #byId = new Map();
  #ended = [];
  #cookie;

  constructor(url) {
    // Browsers keep one jar for all ports of a host. The port tells several platforms on it apart.
    this.#cookie = `platform_session_${new URL(url).port}`;
  }

  /** The session of whoever sends this request, if there is one. */
  of(request) {
    for (const pair of request.headers.cookie?.split(';') ?? []) {
      const [name, id] = pair.trim().split('=');
      if (name === this.#cookie) return this.#byId.get(id);
    }
    return undefined;
  }

  /** A new session under a new cookie. One that nobody knew before signing in cannot have been planted. */
  open(response, content = {}) {
    if (this.#byId.size >= sessionsAtOnce) this.#byId.delete(this.#byId.keys().next().value);
    const session = { id: randomBytes(32).toString('base64url'), signIns: new Map(), ...content };
    this.#byId.set(session.id, session);
    response.setHeader('set-cookie', `${this.#cookie}=${session.id}; Path=/; HttpOnly; SameSite=Lax`);
    return session;
  }

  end(session, reason) {
    if (!this.#byId.delete(session.id) || !session.claims) return;
    this.#ended.push({ ...described(session), ended_at: new Date().toISOString(), reason });
    if (this.#ended.length > endedRemembered) this.#ended.shift();
  }

  /** Ends the sessions that a logout token means, and tells how many there were. */
  endMatching({ sid, sub }, reason) {
    const matching = [...this.#byId.values()].filter(
      ({ claims }) => claims && (sid === undefined || claims.sid === sid) && (sub === undefined || claims.sub === sub),
    );
    for (const session of matching) this.end(session, reason);
    return matching.length;
  }

  describe() {
    const signedIn = [...this.#byId.values()].filter((session) => session.claims);
    return { sessions: signedIn.map(described), ended: this.#ended };
  }
}

function described({ claims, signedInAt, refreshToken }) {
  return {
    sub: claims.sub,
    sid: claims.sid,
    signed_in_at: signedInAt,
    has_refresh_token: refreshToken !== undefined,
    claims,
  };
}

/** Remembers what the answer to an authorization request is checked against. */
export function rememberSignIn(session, state, signIn) {
  session.signIns.set(state, { ...signIn, expires: Date.now() + signInLifetime });
  if (session.signIns.size > signInsAtOnce) session.signIns.delete(session.signIns.keys().next().value);
}

/** Takes it back out: an answer is accepted once. */
export function takeSignIn(session, state) {
  const signIn = session?.signIns.get(state);
  session?.signIns.delete(state);
  return signIn && signIn.expires > Date.now() ? signIn : undefined;
}
