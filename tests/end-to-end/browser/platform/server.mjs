// A sample platform: a web application that signs its people in with the stock client library openid-client.
import http from 'node:http';
import { parseArgs } from 'node:util';

import { announce, listen, stopWhenTold } from '../web/server.mjs';
import { LogoutTokens } from './logout-tokens.mjs';
import { ProviderClient } from './provider-client.mjs';
import { answer } from './routes.mjs';
import { Sessions } from './sessions.mjs';

const { values: options } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'until-input-ends': { type: 'boolean', default: false },
    name: { type: 'string', default: 'Sample platform' },
    issuer: { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string', default: process.env.CLIENT_SECRET },
    'auth-method': { type: 'string', default: 'client_secret_basic' },
    'key-file': { type: 'string' },
    'key-id': { type: 'string' },
    scope: { type: 'string', default: 'openid profile email offline_access' },
  },
});

const client = await ProviderClient.fromOptions(options);
const platform = {
  name: options.name,
  scope: options.scope,
  client,
  logoutTokens: new LogoutTokens(client),
  sessions: undefined,
  url: undefined,
};
const server = http.createServer((request, response) => {
  answer(platform, request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
platform.url = await listen(server, options.host, options.port);
platform.sessions = new Sessions(platform.url);
stopWhenTold(server, options['until-input-ends']);
announce({ url: platform.url });
