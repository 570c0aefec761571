// How long the main thread of a page is kept, told by Chromium's own trace.
//
// Judged is processor time (`tdur`), which another program on the machine does not add to, and not the time on the wall. The page has no
// other tool on it: puppeteer's own pages make a second script context in every frame, which costs more than what is measured.

import { until } from './poll.mjs';

/** The last is what has the microtasks: without it all that follows on an answer would go unseen. */
const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8.execute'];

/** What the page says last in a trace. */
const MARK = 'this page';

/**
 * Opens an empty tab.
 * @param {import('puppeteer-core').Browser} browser Chromium
 */
export async function openBare(browser) {
  const tools = await browser.target().createCDPSession();
  const { targetId } = await tools.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await tools.send('Target.attachToTarget', { targetId, flatten: true });
  const page = tools.connection().session(sessionId);
  /** The value of an expression in the page. */
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await page.send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails.exception ?? exceptionDetails)}`);
    return result.value;
  };
  return {
    evaluate,
    until: (what, expression) => until(what, () => evaluate(expression), { within: 30_000 }),
    goto: (url) => page.send('Page.navigate', { url }),
    /** Runs `work` and gives what the trace has on the main thread of the page that stands there at its end. */
    async trace(work) {
      const events = [];
      const keep = ({ value }) => events.push(...value);
      tools.on('Tracing.dataCollected', keep);
      await tools.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES, excludedCategories: ['*'] } });
      await work();
      // The browser has pages of its own, with scripts that take their time: the mark tells which thread is this page's.
      await evaluate(`console.timeStamp('${MARK}')`);
      const complete = new Promise((done) => tools.once('Tracing.tracingComplete', done));
      await tools.send('Tracing.end');
      await complete;
      tools.off('Tracing.dataCollected', keep);
      const mark = events.find(({ name, args }) => name === 'TimeStamp' && args.data?.message === MARK);
      if (!mark) throw new Error('the trace does not have the mark of its page');
      return events.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
    },
  };
}

/**
 * The tasks in which a script from `base` ran, longest first. What the browser does by itself with what stands on the page (reading,
 * layout, painting in tasks of their own) is left out; what a script makes it do at once is the script's.
 * @returns {{ms: number, parts: string[]}[]} `ms`: processor time
 */
export function tasksOf(events, base) {
  const whole = events.filter(({ ph, name, tdur }) => ph === 'X' && name !== 'RunTask' && tdur !== undefined);
  const about = ({ args }) => args.data ?? args.beginData ?? {};
  // What runs on when something was answered has no address in the trace; on these pages no other script waits for an answer.
  const scripts = whole.filter(
    (event) => event.name === 'RunMicrotasks' || (about(event).url?.startsWith(base) && /^(EvaluateScript|FunctionCall|v8\.)/.test(event.name)),
  );
  return events
    .filter(({ ph, name, tdur }) => ph === 'X' && name === 'RunTask' && tdur !== undefined)
    .map((task) => ({ task, inside: ({ ts }) => ts >= task.ts && ts < task.ts + task.dur }))
    .filter(({ inside }) => scripts.some(inside))
    .map(({ task, inside }) => ({
      ms: task.tdur / 1000,
      parts: whole
        .filter((event) => inside(event) && event.tdur > 1_000)
        .map((event) => `${event.name} ${about(event).functionName ?? about(event).type ?? ''} ${Math.round(event.tdur / 1000)} ms`),
    }))
    .sort((one, other) => other.ms - one.ms);
}
