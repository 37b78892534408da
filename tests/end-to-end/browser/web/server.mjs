import { once } from 'node:events';

const bodyLimit = 64 * 1024;

/** The fields of a form that was posted. Whoever sends more than a form here needs is cut off. */
export async function readForm(request) {
  const type = request.headers['content-type']?.split(';')[0].trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > bodyLimit) return undefined;
  }
  return new URLSearchParams(body);
}

/**
 * Only loopback names are listened on: everything here is for tests. The name matters to browsers, which keep
 * cookies by host and call two ports of one host the same site.
 */
export function checkHost(host) {
  if (host !== '127.0.0.1' && host !== 'localhost') throw new Error(`--host is 127.0.0.1 or localhost, not ${host}`);
}

/** Starts listening and returns the origin. */
export async function listen(server, host, port) {
  checkHost(host);
  server.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  return `http://${host}:${server.address().port}`;
}

/** One line of JSON on standard output tells whoever started the process that it is ready. */
export function announce(ready) {
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

/**
 * Ends the process when it is told to, without waiting for connections that browsers keep open; and, if
 * `untilInputEnds`, when whoever started it is gone, however they went.
 */
export function stopWhenTold(server, untilInputEnds) {
  const stop = () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (untilInputEnds) process.stdin.once('close', stop).resume();
}
