/**
 * The question in other looks: centred dialog, card, choice of topics.
 *
 * Left out: whether to ask (`push/prompt.ts`), the documented dialog at the top (`push/dialog.ts`). Invariant: exactly one of `yes` and
 * `no` is called, `yes` in the task of the click.
 */
import type { BoxColors, BoxStyle } from '../../types/index.d.ts';
import type { Consent } from '../push/consent.ts';
import { topicsOf, type Question } from '../push/options.ts';
import { contrast, isColour, textOn, visibleOn } from '../push/paint.ts';
import { make, set } from '../why/element.ts';
import { icon } from './icons.ts';
import { button, cross, painted, show, textOf, title, type Shell } from './shell.ts';
import { topicList } from './topics.ts';
import { wordsOf } from './words.ts';

const PLACES = ['top-left', 'top', 'top-right', 'center', 'bottom-left', 'bottom', 'bottom-right'];

export function ask(question: Question, consent: Consent, yes: (topics?: string[]) => void, no: () => void): Element {
  if (topicsOf(question).length > 0) return topics(question, consent, yes, no).host;
  return (question.style === 'card' ? card : center)(question, consent, yes, no).host;
}

type Asked = (question: Question, consent: Consent, yes: () => void, no: () => void) => Shell;

/** The site's picture, or a bell. */
function tile({ iconUrl }: Question): HTMLElement {
  const tile = make('div', 'tile');
  if (iconUrl) tile.append(set(make('img'), { src: iconUrl, alt: '' }));
  else tile.append(icon('bell'));
  return tile;
}

/** In the middle, with messages as they will come. */
const center: Asked = (question, _consent, yes, no) => {
  const samples = (Array.isArray(question.samples) ? question.samples : []).slice(0, 2).map((sample) => {
    const words = make('div', 'words', make('b', '', String(sample.title)), make('span', 'what', sample.text ?? ''));
    return make('div', 'sample', tile(question), words, make('span', 'often', sample.time ?? ''));
  });
  const head = samples.length > 0 ? set(make('div', 'head', ...samples), { 'aria-hidden': 'true' }) : tile(question);
  const reject = set(button('no', question.rejectButtonText, question.rejectButtonAriaLabel), { id: 'wzrk-cancel' });
  const accept = set(painted(button('yes', question.okButtonText, question.okButtonAriaLabel), question), { id: 'wzrk-confirm' });
  const body = make('div', 'body', title(question.titleText), textOf(question.bodyText), make('div', 'row', reject, accept));
  const shell = show({ id: 'wzrk_wrapper', kind: 'center', modal: true }, question, [head, body], no);
  accept.addEventListener('click', () => {
    shell.close();
    yes();
  });
  return shell;
};

/** In one of seven places, in the owner's colours. */
const card: Asked = (question, { _ports }, yes, no) => {
  const style: BoxStyle = question.boxStyle ?? {};
  const wanted = (question.position ?? style.card?.position ?? 'bottom-left').trim().toLowerCase().replace(/[\s_]+/g, '-');
  const at = PLACES.includes(wanted) ? wanted : 'bottom-left';
  const reject = set(button('no', question.rejectButtonText, question.rejectButtonAriaLabel), { id: 'secondaryButton' });
  const accept = set(painted(button('yes', question.okButtonText, question.okButtonAriaLabel), question), { id: 'primaryButton' });
  const words = make('div', 'words', title(question.titleText), textOf(question.bodyText));
  const veiled = style.overlay?.enabled === true;
  const look = { id: 'pnWrapper', surface: 'pnCard', kind: 'card', modal: veiled, at } as const;
  const shell = show(look, question, [tile(question), words, make('div', 'row', reject, accept)], no);
  accept.addEventListener('click', () => {
    shell.close();
    yes();
  });

  const paint = (name: string, value: string | undefined) => value && shell.host.style.setProperty(name, value);
  if (veiled) paint('--veil', style.overlay?.color);
  const ground = style.card?.color;
  paint('--bg', ground);
  // Texts that were made for our ground may not be read on another one.
  const ink = isColour(ground) ? textOn(ground) : undefined;
  if (isColour(ground)) {
    paint('--acc', visibleOn(isColour(question.okButtonColor) ? question.okButtonColor : '#8a541b', ground));
    paint('--soft', `${ink}1f`);
    paint('--line', `${ink}2b`);
  }
  paint('--ink', style.text?.titleColor ?? ink);
  paint('--mut', style.text?.descriptionColor ?? ink);
  edge(shell.card, style.card);
  for (const [element, own] of [[accept, style.buttons?.primaryButton], [reject, style.buttons?.secondaryButton]] as const) {
    const { buttonColor, textColor } = own ?? {};
    if (buttonColor) element.style.background = buttonColor;
    if (textColor || isColour(buttonColor)) element.style.color = textColor ?? textOn(String(buttonColor));
    edge(element, own);
    warn(buttonColor, textColor);
  }
  warn(ground, style.text?.titleColor);
  warn(ground, style.text?.descriptionColor);
  return shell;

  function warn(below: string | undefined, above: string | undefined): void {
    if (isColour(below) && isColour(above) && contrast(below, above) < 4.5) {
      _ports._log._warn(809, `boxStyle: ${above} on ${below} is hard to read (contrast below 4.5 to 1). It was used all the same.`);
    }
  }
};

const pixels = (value: number | string) => (typeof value === 'number' || /^[\d.]+$/.test(value) ? `${value}px` : value);

function edge({ style }: HTMLElement, own: Pick<BoxColors, 'borderRadius' | 'borderEnabled' | 'border'> | undefined): void {
  if (own?.borderRadius !== undefined) style.borderRadius = pixels(own.borderRadius);
  if (own?.borderEnabled === false) style.borderColor = 'transparent';
  if (own?.borderEnabled && own.border) {
    style.border = `${pixels(own.border.borderWidth ?? 1)} solid ${own.border.borderColor ?? 'currentColor'}`;
  }
}

/** The question with a list, whose button counts. */
export function topics(question: Question, consent: Consent, yes: (topics: string[]) => void, no: () => void): Shell {
  const words = wordsOf(question);
  const accept = set(painted(button('yes', '', question.okButtonAriaLabel), question), { id: 'primaryButton', 'aria-describedby': 'why' });
  const why = set(make('p', 'why', words.noTopic), { id: 'why', role: 'status' });
  const count = () => {
    const many = list.chosen().length;
    const text = question.okButtonText;
    accept.textContent = text.includes('{count}') ? text.replace('{count}', String(many)) : `${text}${many ? ` (${many})` : ''}`;
    // Not `disabled`: whoever comes there by keyboard is told the reason.
    accept.setAttribute('aria-disabled', String(many === 0));
    why.textContent = many === 0 ? words.noTopic : '';
  };
  const list = topicList(question, consent._topics(), count);
  count();
  const reject = set(button('no', question.rejectButtonText, question.rejectButtonAriaLabel), { id: 'secondaryButton' });
  const inside = [cross(words.close), title(question.titleText), textOf(question.bodyText), list.list, why, make('div', 'row', reject, accept)];
  const shell = show({ id: 'pnWrapper', surface: 'pnCard', kind: 'topics', modal: true }, question, inside, no);
  accept.addEventListener('click', () => {
    const chosen = list.chosen();
    if (chosen.length === 0) return;
    shell.close();
    yes(chosen);
  });
  return shell;
}
