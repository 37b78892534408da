// What the other tests take for granted about the browser and about their own instruments.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { listen } from '../web/server.mjs';
import { assertAccessible, assertReflows, tabOrder } from './driver/accessibility.mjs';
import { assertHostCookie, assertPrivatePage, observeAnswers } from './driver/answers.mjs';
import { launchBrowser, openPage } from './driver/browser.mjs';

let browser;
let server;
let port;
let content = '';

before(async () => {
  browser = await launchBrowser();
  server = createServer((request, response) => {
    if (request.url === '/set') response.setHeader('set-cookie', '__Host-x=1; Path=/; Secure; HttpOnly; SameSite=Lax');
    response.setHeader('content-security-policy', "default-src 'none'; form-action *");
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><html lang="en"><title>Test</title><link rel="icon" href="data:,"><main><pre>${request.headers.cookie ?? ''}</pre>${content}</main></html>`,
    );
  });
  port = new URL(await listen(server, '127.0.0.1', 0)).port;
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function open(t) {
  const opened = await openPage(browser);
  t.after(() => opened.context.close());
  return opened;
}

for (const [host, elsewhere] of [
  ['127.0.0.1', 'localhost'],
  ['localhost', '127.0.0.1'],
  ['rollcall.localhost', 'platform.localhost'],
]) {
  test(`__Host- cookies are kept for http://${host}, and sent when another site links there, but not with its forms`, async (t) => {
    const { page } = await open(t);
    const own = `http://${host}:${port}/`;
    const sent = () => page.locator('pre').textContent();
    await page.goto(`${own}set`);
    await page.goto(own);
    assert.equal(await sent(), '__Host-x=1');
    for (const [markup, expected] of [
      [`<a href="${own}">go</a>`, '__Host-x=1'],
      [`<form method="post" action="${own}"><button>go</button></form>`, ''],
    ]) {
      content = markup;
      await page.goto(`http://${elsewhere}:${port}/`);
      await page.getByText('go').click();
      await page.waitForURL(own);
      assert.equal(await sent(), expected);
    }
    content = '';
  });
}

test('a page that is hard to use is noticed', async (t) => {
  const { page } = await open(t);
  content = '<input name="nameless">';
  await page.goto(`http://127.0.0.1:${port}/`);
  await assert.rejects(assertAccessible(page), /label/);
  content = '';
  await page.goto(`http://127.0.0.1:${port}/`);
  await assertAccessible(page);
});

test('a page that is too wide for a small screen is noticed', async (t) => {
  const { page } = await open(t);
  content = '<table><tr><td>' + 'x'.repeat(100) + '</td></tr></table>';
  await page.goto(`http://127.0.0.1:${port}/`);
  await assert.rejects(assertReflows(page), /pixels wide/);
  content = '';
  await page.goto(`http://127.0.0.1:${port}/`);
  await assertReflows(page);
});

test('the Tab key reaches what can be used, in order', async (t) => {
  const { page } = await open(t);
  content = '<a href="/">First</a><label>Second<input></label><p>Not this</p><button>Third</button>';
  await page.goto(`http://127.0.0.1:${port}/`);
  assert.deepEqual(await tabOrder(page), ['First', 'Second', 'Third']);
  content = '';
});

test('the cookies and headers of every answer are seen', async (t) => {
  const { page } = await open(t);
  const origin = `http://127.0.0.1:${port}`;
  const answers = observeAnswers(page, origin);
  await page.goto(`${origin}/set`);
  const [answer] = await answers.settled();
  assert.deepEqual([answer.url, answer.status], [`${origin}/set`, 200]);
  assert.deepEqual(
    answer.cookies.map(({ name, value }) => [name, value]),
    [['__Host-x', '1']],
  );
  assertHostCookie(answer.cookies[0]);
  for (const different of [
    { secure: undefined },
    { httponly: undefined },
    { domain: 'localhost' },
    { path: '/a' },
    { samesite: undefined },
    { samesite: 'None' },
  ]) {
    assert.throws(() =>
      assertHostCookie({ name: '__Host-x', attributes: { ...answer.cookies[0].attributes, ...different } }),
    );
  }
  assert.throws(() => assertPrivatePage(answer), /lacks some protection/);
});

test('scripts that run, scripts that are blocked, and requests that leave the machine are noticed', async (t) => {
  const { page, problems } = await open(t);
  content = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
  await page.goto(`http://127.0.0.1:${port}/`);
  assert.ok(
    problems.some((problem) => problem.includes('Content Security Policy')),
    problems.join('\n'),
  );
  problems.length = 0;
  await page.evaluate(() => alert('hello'));
  assert.deepEqual(problems, ['dialog: hello']);
  problems.length = 0;
  await page.goto('http://elsewhere.example/').catch(() => undefined);
  assert.ok(problems.includes('request to elsewhere.example'), problems.join('\n'));
  content = '';
});
