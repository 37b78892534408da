// An independent OpenID provider in Entra's place: signing in works unchanged, with nobody's code of ours on either side.
// STACK has more here: {connection, provider}, where `provider` is what the provider said of itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchBrowser, openPage } from '../tests/driver/browser.mjs';
import { stack, startPlatform } from './scene.mjs';

let browser;
let platform;

before(async () => {
  browser = await launchBrowser();
  platform = await startPlatform('openid profile email offline_access');
});

after(async () => {
  await browser?.close();
  await platform?.stop();
});

async function signIn(t, username) {
  const { context, page } = await openPage(browser);
  t.after(() => context.close());
  await page.goto(`${platform.url}/login?connection=${stack.connection}`);
  await page.getByLabel('Username').fill(username);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const accept = page.getByRole('button', { name: 'Accept' });
  if (await accept.isVisible()) await accept.click();
  return page;
}

test('somebody signs in, the platform asks again, and they sign out', async (t) => {
  const [account] = stack.provider.accounts;
  const page = await signIn(t, account.preferred_username);
  await page.waitForURL(`${platform.url}/`);
  // What is shown comes from the account, which the sync has made, and not from the provider.
  assert.equal(await page.locator('[data-claim="name"]').textContent(), 'Ada of the Directory');
  assert.deepEqual(await (await page.request.post(`${platform.url}/refresh`)).json(), { ok: true });
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.waitForURL(/\/signed-out/);
  await page.goto(`${stack.url}/session`);
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
});

test('somebody whom the provider knows and the sync does not is refused', async (t) => {
  const page = await signIn(t, stack.provider.accounts[1].preferred_username);
  await page.getByRole('heading', { name: 'You have no account here' }).waitFor();
});
