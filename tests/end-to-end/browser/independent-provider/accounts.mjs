import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const defaults = [
  {
    oid: '11111111-0000-4000-8000-000000000001',
    name: 'Ada Lovelace',
    preferred_username: 'ada@example.com',
    email: 'ada@example.com',
  },
  {
    oid: '11111111-0000-4000-8000-000000000002',
    name: 'Zoë O’Neil',
    preferred_username: 'zoe@example.com',
    email: 'zoe@example.com',
  },
];

/** The people of the tenant. */
export async function readAccounts(file, tenant) {
  return new Accounts(file ? JSON.parse(await readFile(file, 'utf8')) : defaults, tenant);
}

class Accounts {
  constructor(list, tenant) {
    for (const account of list) {
      if (!account.oid || !account.preferred_username)
        throw new Error('an account has neither oid nor preferred_username');
    }
    this.list = list;
    this.tenant = tenant;
  }

  byObjectId(oid) {
    return this.list.find((account) => account.oid === oid);
  }

  /** Whom somebody means who types a name into the login page. */
  byUserName(name) {
    const wanted = name?.trim().toLowerCase();
    return this.list.find((account) => account.preferred_username.toLowerCase() === wanted);
  }

  /** What the library asks about an account: claims by Entra's names. Which of them are told, the scopes decide. */
  find(oid) {
    const account = this.byObjectId(oid);
    if (!account) return undefined;
    const { tenant } = this;
    return {
      accountId: oid,
      claims: () => ({
        sub: oid,
        ...account,
        tid: tenant,
        ver: '2.0',
        nbf: Math.floor(Date.now() / 1000),
      }),
    };
  }
}

/** As in Entra, `sub` differs from client to client and is not the object id. */
export function pairwiseSubject(tenant, oid, clientId) {
  return createHash('sha256')
    .update(JSON.stringify([tenant, oid, clientId]))
    .digest('base64url');
}
