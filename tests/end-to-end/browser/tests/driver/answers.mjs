import assert from 'node:assert/strict';

/**
 * Everything that an origin answers a page, redirects included, from now on. `settled` waits until all that came is
 * read, and returns it.
 */
export function observeAnswers(page, origin) {
  const reading = [];
  page.context().on('response', (response) => {
    if (new URL(response.url()).origin === origin) reading.push(read(response));
  });
  return { settled: () => Promise.all(reading) };
}

async function read(response) {
  const headers = await response.headersArray();
  const cookies = headers
    .filter(({ name }) => name.toLowerCase() === 'set-cookie')
    .flatMap(({ value }) => value.split('\n'));
  return {
    url: response.url(),
    status: response.status(),
    headers: await response.allHeaders(),
    cookies: cookies.map(parseCookie),
  };
}

function parseCookie(text) {
  const [pair, ...attributes] = text.split(';').map((part) => part.trim());
  const [name, ...value] = pair.split('=');
  const split = attributes.map((attribute) => attribute.split('='));
  return {
    name,
    value: value.join('='),
    attributes: Object.fromEntries(split.map(([key, set]) => [key.toLowerCase(), set ?? true])),
  };
}

/** A cookie that only its host sets and reads, that scripts do not see, and that other sites' forms do not send. */
export function assertHostCookie({ name, attributes }) {
  const { secure, httponly, path, domain, samesite } = attributes;
  assert.deepEqual(
    { prefixed: name.startsWith('__Host-'), secure, httponly, path, domain },
    { prefixed: true, secure: true, httponly: true, path: '/', domain: undefined },
    name,
  );
  assert.match(String(samesite), /^(Lax|Strict)$/i, name);
}

/** A page that is neither kept, nor framed, nor tells others where its reader was, nor runs what was slipped into it. */
export function assertPrivatePage({ url, headers }) {
  const policy = headers['content-security-policy'] ?? '';
  const protections = Object.entries({
    "frame-ancestors 'none'": /frame-ancestors 'none'/.test(policy),
    "default-src 'none' or 'self'": /default-src '(none|self)'/.test(policy),
    'scripts and styles of its own only': !/unsafe-inline|unsafe-eval/.test(policy),
    'X-Content-Type-Options': headers['x-content-type-options'] === 'nosniff',
    'Cache-Control: no-store': /no-store/.test(headers['cache-control'] ?? ''),
    'Referrer-Policy': /^(no-referrer|same-origin|strict-origin)$/.test(headers['referrer-policy'] ?? ''),
  });
  assert.deepEqual(
    protections.filter(([, present]) => !present).map(([name]) => name),
    [],
    `${url} lacks some protection`,
  );
}
