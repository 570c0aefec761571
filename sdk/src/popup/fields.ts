/**
 * What stands in some messages beside words and buttons: a code to copy, a form to answer, a countdown.
 *
 * Works on the markup contract of the templates: `data-campanile` = `copy` (`data-done`), `code`, `said`, `form` (`data-wrong-email`,
 * `data-wrong-empty`, `data-wrong-consent`), `error`, `ask`, `thanks`, `countdown` (`data-ends`, inside `data-unit`), and fields named
 * `answer`, `comment`, `consent`. Left out: how that looks. Invariant: an answer is sent once, and only when it is whole; a countdown
 * never starts anew.
 */
import { act, addressOf } from './act.ts';
import type { Scene } from './show.ts';

/** So long the thanks stand before the click leads elsewhere. */
const THANKS = 1_500;

/** Wires what is there. False: the message's time is over, and it was ended. */
export function fields(scene: Scene, inner: Document): boolean {
  copies(scene, inner);
  form(scene, inner);
  return countdown(scene, inner);
}

function part(inner: Document, name: string): HTMLElement | null {
  return inner.querySelector(`[data-campanile=${name}]`);
}

function copies(scene: Scene, inner: Document): void {
  let counted = false;
  for (const button of inner.querySelectorAll<HTMLElement>('[data-campanile=copy]')) {
    button.addEventListener('click', (event) => {
      event.preventDefault();
      const code = part(inner, 'code');
      const text = (code as HTMLInputElement | null)?.value || code?.textContent || '';
      void copy(text.trim(), inner).then((done) => {
        if (!done) {
          // By hand, then: the code is chosen.
          if (code) inner.getSelection()?.selectAllChildren(code);
          return;
        }
        const words = button.dataset['done'];
        if (words) {
          button.textContent = words;
          const said = part(inner, 'said');
          if (said) said.textContent = words;
        }
      });
      if (!counted) scene._count('copy');
      counted = true;
    });
  }
}

async function copy(text: string, inner: Document): Promise<boolean> {
  try {
    // That of the page: the frame has the focus, but a policy may keep the clipboard from frames.
    await (inner.defaultView ?? window).navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No HTTPS, or not allowed: the older way.
  }
  const area = inner.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.style.cssText = 'position:fixed;top:0;opacity:0';
  const before = inner.activeElement as HTMLElement | null;
  inner.body.append(area);
  area.select();
  const done = inner.execCommand('copy');
  area.remove();
  before?.focus({ preventScroll: true });
  return done;
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function form(scene: Scene, inner: Document): void {
  const form = part(inner, 'form');
  if (!form) return;
  const all = (name: string) => [...form.querySelectorAll<Field>(`[name=${name}]`)];
  const error = part(inner, 'error');
  let sent = false;

  const wrong = (fields: Field[], text: string | undefined) => {
    for (const field of fields) field.setAttribute('aria-invalid', 'true');
    if (error) {
      error.textContent = text ?? '';
      error.hidden = false;
      if (error.id) for (const field of fields) field.setAttribute('aria-describedby', error.id);
    }
    (fields.find((field) => chosen(field)) ?? fields[0])?.focus();
  };
  const right = () => {
    for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
    if (error) {
      error.textContent = '';
      error.hidden = true;
    }
  };

  const send = () => {
    if (sent) return;
    right();
    const { wrongEmail, wrongEmpty, wrongConsent } = form.dataset;
    const answers = all('answer');
    const given = answers.filter(chosen).map((field) => field.value.trim());
    const email = answers.find((field) => field.type === 'email');
    if (!given.some(Boolean)) {
      wrong(answers, (email && wrongEmail) || wrongEmpty || wrongEmail);
      return;
    }
    if (email && !(email.validity.valid && /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(email.value.trim()))) {
      wrong([email], wrongEmail);
      return;
    }
    const consents = all('consent') as HTMLInputElement[];
    const consent = consents.some((field) => field.checked);
    if (!consent && consents.some((field) => field.required)) {
      wrong(consents, wrongConsent);
      return;
    }
    sent = true;
    const comment = all('comment')[0]?.value.trim();
    const message = scene._message;
    const { msgId, impression, onClick } = message;
    const several = answers.some((field) => field.type === 'checkbox');
    scene._raise({
      op: 'answer',
      msg: msgId,
      impression,
      answer: several ? given : (given[0] ?? ''),
      ...(comment && { comment: comment.slice(0, 2000) }),
      ...(consents.length > 0 && { consent }),
    });
    scene._count('answer', addressOf(onClick));
    const thanks = part(inner, 'thanks');
    const ask = part(inner, 'ask') ?? form;
    if (thanks) {
      ask.hidden = true;
      thanks.hidden = false;
      thanks.tabIndex = -1;
      thanks.focus({ preventScroll: true });
    }
    if (onClick.do === 'function') act(onClick, message, scene._ports);
    else if (onClick.do !== 'close') {
      const timer = setTimeout(() => {
        scene._end();
        act(onClick, message, scene._ports);
      }, thanks ? THANKS : 0);
      scene._stops.push(() => clearTimeout(timer));
    } else if (!thanks) scene._end();
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  // Before the message's own handler, which would take the button for the campaign's click and end the message.
  inner.defaultView?.addEventListener(
    'click',
    (event) => {
      const button = (event.target as Element | null)?.closest<HTMLElement>('[data-campanile=click],[type=submit]');
      if (!button || !form.contains(button) || button.dataset['button'] === 'second') return;
      event.preventDefault();
      event.stopImmediatePropagation();
      send();
    },
    true,
  );
  form.addEventListener('input', () => right());
  form.addEventListener('change', () => {
    if (all('answer').some((field) => isChoice(field) && chosen(field))) form.setAttribute('data-chosen', '');
  });
}

function isChoice(field: Field): boolean {
  return field.type === 'radio' || field.type === 'checkbox';
}

function chosen(field: Field): boolean {
  return !isChoice(field) || (field as HTMLInputElement).checked;
}

function countdown(scene: Scene, inner: Document): boolean {
  const clock = part(inner, 'countdown');
  if (!clock) return true;
  const ends = Number(clock.dataset['ends']);
  const cells = [...clock.querySelectorAll<HTMLElement>('[data-unit]')];
  const sizes: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** False when there is nothing left. */
  const tick = (): boolean => {
    const left = ends - Date.now();
    if (!(left > 0)) {
      scene._end('expired');
      return false;
    }
    let seconds = Math.ceil(left / 1000);
    // The largest unit that is drawn takes all that is above it.
    for (const unit of Object.keys(sizes)) {
      const cell = cells.find((cell) => cell.dataset['unit'] === unit);
      const size = sizes[unit] ?? 1;
      if (!cell) continue;
      const text = String(Math.floor(seconds / size)).padStart(unit === 'd' ? 1 : 2, '0');
      if (cell.textContent !== text) cell.textContent = text;
      seconds %= size;
    }
    timer = setTimeout(tick, left % 1000 || 1000);
    return true;
  };
  scene._stops.push(() => clearTimeout(timer));
  return tick();
}
