import assert from 'node:assert/strict';

import axe from 'axe-core';

/** Fails if a page breaks a rule of WCAG 2.0 to 2.2, levels A and AA, that a program can check. */
export async function assertAccessible(page) {
  // Evaluated rather than added as a script: a content security policy would refuse that.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } }),
  );
  const described = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`);
  assert.deepEqual(described, [], `${page.url()} is hard to use for some people`);
}
