// How long the main thread of a page is kept, told by Chromium's own trace.
//
// Judged is processor time (`tdur`), which another program on the machine does not add to, and not the time on the wall. The page has no
// other tool on it: puppeteer's own pages make a second script context in every frame, which costs more than what is measured.

import { until } from './poll.mjs';

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];

/**
 * Opens an empty tab that is slowed down.
 * @param {import('puppeteer-core').Browser} browser Chromium
 * @param {{rate: number}} how `rate`: how many times slower
 */
export async function openSlow(browser, { rate }) {
  const tools = await browser.target().createCDPSession();
  const { targetId } = await tools.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await tools.send('Target.attachToTarget', { targetId, flatten: true });
  const page = tools.connection().session(sessionId);
  await page.send('Emulation.setCPUThrottlingRate', { rate });
  /** The value of an expression in the page. */
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await page.send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails.exception ?? exceptionDetails)}`);
    return result.value;
  };
  return {
    evaluate, session: page,
    until: (what, expression) => until(what, () => evaluate(expression), { within: 30_000 }),
    goto: (url) => page.send('Page.navigate', { url }),
    /** Runs `work` and gives what the trace has on it. */
    async trace(work) {
      const events = [];
      const keep = ({ value }) => events.push(...value);
      tools.on('Tracing.dataCollected', keep);
      await tools.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES, excludedCategories: ['*'] } });
      await work();
      const complete = new Promise((done) => tools.once('Tracing.tracingComplete', done));
      await tools.send('Tracing.end');
      await complete;
      tools.off('Tracing.dataCollected', keep);
      return events;
    },
    close: () => tools.send('Target.closeTarget', { targetId }),
  };
}

/**
 * The tasks in which a script from `base` ran, or in which a pop-up's document was read, styled or laid out, longest first.
 * @returns {{ms: number, wall: number, parts: string[]}[]} `ms`: processor time
 */
export function tasksOf(events, base) {
  const whole = events.filter(({ ph, name }) => ph === 'X' && name !== 'RunTask');
  const about = ({ args }) => args.data ?? args.beginData ?? {};
  const frames = new Set(whole.filter((event) => about(event).url === 'about:srcdoc').map((event) => about(event).frame));
  const ours = whole.filter((event) => about(event).url?.startsWith?.(base) || frames.has(about(event).frame));
  return events
    .filter(({ ph, name, tdur }) => ph === 'X' && name === 'RunTask' && tdur !== undefined)
    .map((task) => {
      const inside = (event) => event.pid === task.pid && event.tid === task.tid && event.ts >= task.ts && event.ts < task.ts + task.dur;
      return { task, inside };
    })
    .filter(({ inside }) => ours.some(inside))
    .map(({ task, inside }) => ({
      ms: task.tdur / 1000,
      wall: task.dur / 1000,
      parts: whole.filter((event) => inside(event) && event.tdur > 4_000)
        .map((event) => `${event.name} ${about(event).functionName ?? about(event).type ?? ''}${about(event).columnNumber ? ':' + about(event).columnNumber : ''} ${Math.round(event.tdur / 1000)} ms`),
    }))
    .sort((one, other) => other.ms - one.ms);
}
