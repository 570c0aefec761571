// The overlay "Why shown, why not" on a page, as its owner reads it. Its shadow root is closed; a page that keeps it lets it be read.

import { until } from './poll.mjs';

/** Stands in the head of a page, before the snippet: the page keeps the overlay's root. `nonce` is that of the page's policy. */
export const keepsOverlay = (nonce = '') => `<script${nonce && ` nonce="${nonce}"`}>
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (how) {
    const root = attach.call(this, how);
    if (this.dataset.campanile === 'why') overlay = root;
    return root;
  };
</script>`;

/** Whether it stands on the page. */
export const isOpen = (page) => page.evaluate(() => Boolean(document.querySelector('[data-campanile="why"]')));

/** Waits until it is there and `ready` holds of what `read` gives. */
export async function overlayOn(page, ready = () => true) {
  return until('the overlay', async () => {
    if (!(await isOpen(page))) throw new Error('not open');
    const told = await read(page);
    if (!ready(told)) throw new Error(JSON.stringify(told));
    return told;
  });
}

/** What it says: campaigns with their conditions, what stands instead of them, the lines around messages, its foot. */
const read = (page) =>
  page.evaluate(() => {
    const text = (from, selector) => from.querySelector(selector)?.textContent ?? '';
    const rows = [...overlay.querySelectorAll('details.row')].map((row) => ({
      name: text(row, '.name'),
      kind: text(row, '.kind'),
      text: text(row, '.text'),
      state: row.querySelector('.text b').className,
      conditions: [...row.querySelectorAll('tbody tr')].map((line) => {
        const [sign, label, asked, seen] = [...line.children].map((cell) => cell.textContent);
        return { result: line.className, said: sign, label, asked, seen };
      }),
      link: row.querySelector('a').hidden ? null : row.querySelector('a').href,
      once: [...row.querySelectorAll('button')].some((button) => !button.hidden && button.textContent.startsWith('Show it once')),
    }));
    return {
      rows,
      tab: text(overlay, '[role="tab"]'),
      instead: text(overlay, '.empty'),
      rings: [...overlay.querySelectorAll('.ring')].map((ring) => ring.textContent),
      foot: text(overlay, 'footer'),
    };
  });

/** Opens the row of a campaign, and presses one of its buttons, if one is named. */
export async function press(page, campaign, button) {
  const handle = await page.evaluateHandle(
    (name, wanted) => {
      const row = [...overlay.querySelectorAll('details.row')].find((one) => one.querySelector('.name').textContent === name);
      row.open = true;
      return wanted ? [...row.querySelectorAll('.act')].find((one) => one.textContent.startsWith(wanted)) : row;
    },
    campaign,
    button,
  );
  const element = handle.asElement();
  // Into the middle: what is pinned to the overlay's edges may lie over the rest.
  await element.evaluate((shown) => shown.scrollIntoView({ block: 'center', behavior: 'instant' }));
  if (button) await element.click();
}
