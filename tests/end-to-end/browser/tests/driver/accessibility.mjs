import assert from 'node:assert/strict';

import axe from 'axe-core';

/** Fails if a page breaks a rule of WCAG 2.0 to 2.2, levels A and AA, that a program can check. */
export async function assertAccessible(page) {
  // Evaluated rather than added as a script: a content security policy would refuse that.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } }),
  );
  const described = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`,
  );
  assert.deepEqual(described, [], `${page.url()} is hard to use for some people`);
}

/** Fails if the page must be scrolled sideways on a small screen, or at four times the size (WCAG 1.4.10). */
export async function assertReflows(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.setViewportSize(before);
  assert.ok(width <= 320, `${page.url()} is ${width} pixels wide on a screen of 320`);
}

/** What the Tab key reaches, in its order, by the names that a screen reader says. */
export async function tabOrder(page, limit = 50) {
  const reached = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (let pressed = 0; pressed < limit; pressed += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body || element.dataset.reached) return null;
      element.dataset.reached = 'yes';
      const label = element.labels?.[0]?.textContent ?? element.getAttribute('aria-label') ?? element.textContent;
      return label.trim();
    });
    if (name === null) break;
    reached.push(name);
  }
  return reached;
}
