// Waiting for a condition, with a deadline that names what was waited for and what was seen last.

/**
 * Calls `look` until it gives something truthy, and returns that.
 * An error thrown by `look` counts as "not yet" and is told when the deadline passes.
 * @template T
 * @param {string} what said in the error
 * @param {() => T | Promise<T>} look
 * @param {{within?: number, every?: number}} [how] milliseconds
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, look, { within = 15_000, every = 40 } = {}) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = JSON.stringify(seen);
    } catch (error) {
      last = error?.message ?? String(error);
    }
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}; last seen: ${last}`);
    await new Promise((next) => setTimeout(next, every));
  }
}

/**
 * Holds that `look` goes on giving the same JSON for `during` ms: for "nothing more was counted". It ends early with an
 * error at the first difference.
 * @param {string} what
 * @param {() => unknown | Promise<unknown>} look
 * @param {{during?: number, every?: number}} [how] milliseconds
 */
export async function stays(what, look, { during = 1_200, every = 150 } = {}) {
  const end = Date.now() + during;
  const first = JSON.stringify(await look());
  while (Date.now() < end) {
    await new Promise((next) => setTimeout(next, every));
    const now = JSON.stringify(await look());
    if (now !== first) throw new Error(`changed: ${what}; was ${first}, became ${now}`);
  }
}

/**
 * Does what makes the tab load another document, and waits until that one has loaded. Not by the tool's own wait: in Firefox that one asks
 * each frame of the page that is left for a farewell, which a frame that was still loading does not always give.
 * @param {import('puppeteer-core').Page} page
 * @param {() => Promise<unknown>} act
 */
export async function onward(page, act) {
  await page.evaluate(() => { window.left = true; });
  await act();
  await until('the next page', async () => {
    const here = await page.evaluate(() => !window.left && document.readyState === 'complete' && location.href);
    // The tool hears of the new address by itself, sometimes later.
    return here && page.url() === here;
  }, { within: 30_000 });
}
