// oidc-provider, a certified implementation that shares no code with this repository, in Entra's place and with
// Entra's paths and claims. What it refuses is its own decision: nothing here loosens a check.
import { Console } from 'node:console';
import http from 'node:http';
import { parseArgs } from 'node:util';

import { announce, listen, stopWhenTold } from '../web/server.mjs';
import { readAccounts } from './accounts.mjs';
import { readClient } from './client.mjs';
import { frontOf } from './front.mjs';
import { createProvider } from './provider.mjs';

// The library's notices go to standard error: standard output has one line, which says that the server is ready.
globalThis.console = new Console(process.stderr);

const { values: options } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'until-input-ends': { type: 'boolean', default: false },
    tenant: { type: 'string' },
    accounts: { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string', default: process.env.CLIENT_SECRET },
    'auth-method': { type: 'string', default: 'client_secret_post' },
    certificate: { type: 'string' },
    'redirect-uri': { type: 'string', multiple: true },
    'post-logout-redirect-uri': { type: 'string', multiple: true, default: [] },
    'backchannel-logout-uri': { type: 'string' },
  },
});

const tenant = options.tenant?.toLowerCase();
if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenant ?? '')) throw new Error('--tenant is a GUID');
const client = await readClient(options);
const accounts = await readAccounts(options.accounts, tenant);

// The issuer has the port in it, which is known only once the server listens.
let front = (_request, response) => response.writeHead(503).end();
const server = http.createServer((request, response) => front(request, response));
const origin = await listen(server, options.host, options.port);
const provider = await createProvider({ origin, tenant, client, accounts });
front = frontOf({ origin, tenant, provider, accounts });
stopWhenTold(server, options['until-input-ends']);
announce({ url: origin, issuer: provider.issuer, tenant, accounts: accounts.list });
