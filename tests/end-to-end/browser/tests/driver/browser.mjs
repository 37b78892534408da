import path from 'node:path';

import { chromium } from 'playwright-core';

const pageLimit = 15_000;

/** Debian's chromium, without a window. */
export async function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Tests run as root in containers, where chromium's sandbox does not start.
    args: ['--no-sandbox'],
  });
}

/**
 * A new browser profile with one page. `problems` collects what a person would not see: errors in the console (a
 * breach of the content security policy is one), scripts that failed, dialogs, and requests that leave this machine.
 * Answers of 400 and above to a page itself are not among them: tests look at pages of errors too.
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  context.setDefaultTimeout(pageLimit);
  const problems = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    const refused = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (message.type() === 'error' && !refused) problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here = hostname === '127.0.0.1' || hostname === 'localhost' || hostname.endsWith('.localhost');
    if (protocol.startsWith('http') && !here) problems.push(`request to ${hostname}`);
  });
  return { context, page, problems };
}

/** A picture of the whole page, if somebody wants pictures. */
export async function takeScreenshot(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
