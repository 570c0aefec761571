/**
 * What the overlay says of a campaign: its place in the list, one sentence with the value that decided, names of conditions.
 *
 * The conditions and their texts come from the server as `core::decide` names them; a name that is not known here is said as it came.
 * Left out: drawing (`campaigns.ts`). Invariant: nothing is decided here, and what stands on the page or is waited for goes before what
 * the last explanation said, because that may be about a later moment.
 */
import type { Progress, WaitingProgress, WhyState } from '../why-ports.ts';
import type { Explained } from '../wire.ts';

export type Condition = Explained['because'][number];

/** One campaign as it is listed. */
export interface Row {
  of: Explained;
  state: 'shown' | 'wait' | 'not';
  /** Said in colour, with what follows it. */
  word: string;
  text: string;
  /** At the end of the line. */
  kind: string;
  progress: WaitingProgress | undefined;
}

/** All campaigns: shown, waiting, not shown, each in the server's order, which is that of priority. */
export function rows({ why, waiting, shown }: WhyState): Row[] {
  const list = (why?.campaigns ?? []).map((of): Row => {
    const standing = shown.find(({ campaign }) => campaign === of.campaign);
    const progress = waiting.find(({ campaign }) => campaign === of.campaign);
    const kind = of.variant === null ? of.kind : `${of.kind}, variant ${of.variant}`;
    const row = (state: Row['state'], word: string, text: string): Row => ({ of, state, word, text, kind, progress });
    if (standing) {
      const seen = standing.viewed ? 'Seen for 1 s, counted.' : 'Not in view for 1 s yet.';
      const failed = of.because.some(({ passed }) => passed === false);
      const why = failed ? `It would not come again now: ${reason(of)}.` : held(of);
      return standing.test
        ? row('shown', 'Shown', 'as a test. It is not counted.')
        : row('shown', 'Shown.', `${why} ${seen}`);
    }
    if (progress) return row('wait', 'Waiting', `for ${waitsFor(progress)}.`);
    if (of.outcome === 'wait') return row('wait', 'Waiting', 'for its sign.');
    if (of.outcome === 'show') return row('shown', 'Chosen.', `${held(of)} It is not on the page now.`);
    return row('not', 'Not shown:', `${reason(of)}.`);
  });
  const rank = { shown: 0, wait: 1, not: 2 };
  return list.sort((a, b) => rank[a.state] - rank[b.state]);
}

function held({ because }: Explained): string {
  return `All ${because.length} conditions hold.`;
}

/** Why it is not shown, without a full stop. */
export function reason({ because }: Explained): string {
  const failed = because.find(({ passed }) => passed === false);
  return failed ? sentence(failed) : 'its message could not be prepared';
}

const SPANS: Record<string, string> = {
  page: 'this page view',
  session: 'this visit',
  day: 'today',
  week: 'this week',
  ever: 'this person',
};

/** A condition that failed, in words: asked and seen. */
export function sentence({ name, asked, seen }: Condition): string {
  asked = readable(asked);
  seen = readable(seen);
  const cap = /^(overall_)?(\w+)_cap$/.exec(name);
  const span = cap && SPANS[cap[2] ?? ''];
  if (span) {
    const [most = asked, used = seen] = [asked, seen].map((text) => /\d+/.exec(text)?.[0]);
    return `${cap[1] ? 'the cap of all campaigns' : 'its cap'} for ${span} is used up, ${used} of ${most}`;
  }
  const quiet = /^(.*) after it was \w+$/.exec(asked);
  switch (name) {
    case 'trigger':
      return `it comes when ${asked}; here ${/^“/.test(seen) ? `${seen} happened` : /^the sign/.test(seen) ? `${seen} came` : seen}`;
    case 'page':
      return `the page is ${seen}`;
    case 'schedule':
      return `its schedule is ${asked}; now it is ${seen}`;
    case 'conditions':
      return unmet(asked, seen, 'it asks for');
    case 'audience':
      return asked.startsWith('hidden') ? `visitor is not in its audience; seen is ${seen}` : unmet(asked, seen, 'its audience is');
    case 'goal':
      return `its goal was ${seen}`;
    case 'quiet_after_shown':
    case 'quiet_after_clicked':
    case 'quiet_after_closed':
      return `it rests for ${quiet?.[1] ?? asked}; it was ${seen}`;
    case 'group':
      return `another campaign of its group${/ “.*”/.exec(asked)?.[0] ?? ''} came first in this visit`;
    case 'place':
      return `another ${/other (\w+)/.exec(asked)?.[1] ?? 'message'} stands on the page`;
    case 'control':
      return `visitor is ${seen}${/, [\d.,]+ %$/.exec(asked)?.[0] ?? ''}`;
    case 'words':
      return `a text could not be filled in: ${seen.replace(/\.$/, '')}`;
    default:
      return `${label(name)}: asked is ${asked}, seen is ${seen}`;
  }
}

/** Two rules rather than one with “and” or “or” in its values. */
const SEVERAL = / (?:and|or) (?=\(|.*(?: is | contains? | starts | ends | matches |did |logged in|subscribed|visit|returning|times of ))/;
const VERBS = / (is|are|does|contains|starts|ends|matches)( not)? /;

/** Rules that do not hold: a single one is turned round, so that it says what is the case. */
function unmet(asked: string, seen: string, lead: string): string {
  if (/^\(/.test(asked) || SEVERAL.test(asked)) return `${lead} ${asked}; seen is ${seen}`;
  const did = /^did (not do )?(“.*”.*)$/.exec(asked);
  if (did) return did[1] ? `visitor did ${did[2]}, ${seen}` : `visitor did not do ${did[2]}`;
  if (/^(not )?(logged in|subscribed)/.test(asked)) return `visitor is ${seen}`;
  if (asked === 'first visit') return `it is for the first visit; this is ${seen}`;
  if (asked === 'returning') return `it is for returning visitors; this is ${seen}`;
  const turned = asked.replace(VERBS, (_, verb: string, not?: string) => {
    if (verb === 'does') return ' does ';
    if (/^(is|are)$/.test(verb)) return ` ${verb}${not ? '' : ' not'} `;
    return ` does not ${verb.replace(/(h?)e?s$/, '$1')} `;
  });
  return turned === asked ? `${lead} ${asked}; seen is ${seen}` : `${turned}; it is ${seen}`;
}

/** What is waited for, with how far it is. */
export function waitsFor({ match, signals }: WaitingProgress): string {
  const open = signals.filter(({ met }) => !met);
  return (open.length ? open : signals).map(waits).join(match === 'any' ? ' or ' : ' and ') || 'its sign';
}

function waits({ on, unit, now, goal, selector = 'an element', fault }: Progress): string {
  if (fault) return `a sign that cannot come (${fault})`;
  const amounts = `${goal} ${unit} asked, ${now} ${unit} now`;
  switch (on) {
    case 'delay':
      return `time: ${amounts}`;
    case 'scroll':
      return `scroll: ${amounts}`;
    case 'idle':
      return `a rest: ${amounts}`;
    case 'exit':
      return 'the pointer to leave the page';
    case 'click':
      return `a click on ${selector}`;
    case 'visible':
      return `${selector} to come into view`;
  }
}

const LABELS: Record<string, string> = {
  conditions: 'Conditions',
  quiet_after_shown: 'Rest after view',
  quiet_after_clicked: 'Rest after click',
  quiet_after_closed: 'Rest after close',
  control: 'Control group',
  words: 'Texts',
};

/** The name of a condition. */
export function label(name: string): string {
  const cap = /^(overall_)?(\w+)_cap$/.exec(name);
  if (cap) return `${cap[1] ? 'All caps' : 'Cap'}, ${cap[2] === 'session' ? 'visit' : cap[2]}`;
  return LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, ' ');
}

/** Moments in a server's text as this browser's clock has them. */
export function readable(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => day(Date.parse(moment)));
}

/** `3 Nov 2026, 18:20`. */
export function day(at: number): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** `14:07`, or with seconds `14:07:31`. */
export function clock(at: number, timeStyle: 'short' | 'medium' = 'short'): string {
  return new Date(at).toLocaleTimeString('en-GB', { timeStyle });
}
