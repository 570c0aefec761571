/**
 * The soft dialog before the browser's own prompt: texts of the page, two buttons, at the top of the window.
 *
 * Lives in a shadow root (`#wzrk_wrapper`), so that the page's styles do not reach it, with an adopted style sheet, so that a
 * strict CSP does not block it. Left out: whether to ask (`prompt.ts`). Invariant: exactly one of `yes` and `no` is called.
 */
import { calm } from '../popup/frame.ts';
import type { Question } from './options.ts';
import { isColour, textOn, VARIABLES } from './paint.ts';

/** The host is placed with `!important`, because the page's own rules for `div` would win over `:host`. */
const SHEET = `
:host{all:initial;position:fixed!important;display:block!important;z-index:2147483647!important;top:calc(16px + env(safe-area-inset-top,0px))!important;left:50%!important;
width:min(560px,100vw - 24px)!important;transform:translateX(-50%)!important}
${VARIABLES}
*{box-sizing:border-box;margin:0}
.card{max-height:calc(100vh - 32px);overflow:auto;
display:grid;grid-template-columns:56px 1fr;gap:0 18px;padding:24px;border:1px solid var(--line);border-radius:20px;background:var(--bg);color:var(--ink);
font:16px/1.5 "Helvetica Neue","Segoe UI",Roboto,"Nimbus Sans",Arial,sans-serif;box-shadow:0 18px 50px #0b0e1440,0 2px 6px #0b0e1426}
.tile{display:grid;place-items:center;width:56px;height:56px;border-radius:14px;background:var(--soft);color:var(--acc)}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
h2{font-size:22px;font-weight:700;line-height:1.18;letter-spacing:-.02em;text-wrap:balance;overflow-wrap:anywhere;outline:0}
p{margin-top:6px;color:var(--mut);overflow-wrap:anywhere}
.row{grid-column:1/3;display:flex;justify-content:flex-end;gap:10px;margin-top:20px}
button{min-height:48px;padding:8px 20px;border:1px solid var(--mut);border-radius:12px;background:none;color:var(--ink);font:inherit;font-weight:600;line-height:1.2;cursor:pointer}
#wzrk-confirm{border-color:transparent;background:var(--acc);color:var(--on)}
button:hover{filter:brightness(.92)}
button:focus-visible{outline:2px solid var(--acc);outline-offset:2px}
@media(max-width:519px){:host{top:calc(12px + env(safe-area-inset-top,0px))!important}.card{padding:20px;gap:0 14px}#wzrk-confirm{flex:1}}
@media(prefers-reduced-motion:no-preference){.card{animation:in .22s cubic-bezier(.2,.8,.2,1)}@keyframes in{from{opacity:0;transform:translateY(-12px)}}}
`;

/** No text of the page in here: that is set as text, never as markup. */
const SKELETON =
  '<div class="card wzrk-alert" role="dialog" aria-labelledby="title" aria-describedby="text"><div class="tile">' +
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M10.3 21a2 2 0 0 0 3.4 0M3.3 15.3A1 1 0 0 0 4 17h16a1 1 0 0 0 .7-1.7C19.4 14 18 12.5 18 8A6 6 0 0 0 6 8c0 4.5-1.4 6-2.7 7.3"/></svg>' +
  '</div><div><h2 id="title" tabindex="-1"></h2><p id="text"></p></div>' +
  '<div class="row"><button id="wzrk-cancel" type="button"></button><button id="wzrk-confirm" type="button"></button></div></div>';

/** Opens the dialog; it closes itself. `trusted`: through the policy of the page. */
export function openDialog(texts: Question, trusted: (html: string) => string, yes: () => void, no: () => void): Element {
  const before = document.activeElement;
  const host = document.createElement('div');
  host.id = 'wzrk_wrapper';
  // Stays usable beside an interstitial.
  host.dataset['campanile'] = 'prompt';
  if (texts.theme) host.dataset['theme'] = texts.theme;
  const root = host.attachShadow({ mode: 'open' });
  root.innerHTML = trusted(SKELETON);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];

  const find = (selector: string) => root.querySelector(selector) as HTMLElement;
  const fill = (selector: string, text: string, label?: string) => {
    const element = find(selector);
    element.textContent = text;
    if (label) element.setAttribute('aria-label', label);
    return element;
  };
  const title = fill('h2', texts.titleText);
  fill('p', texts.bodyText);
  const reject = fill('#wzrk-cancel', texts.rejectButtonText, texts.rejectButtonAriaLabel);
  const accept = fill('#wzrk-confirm', texts.okButtonText, texts.okButtonAriaLabel);
  const colour = texts.okButtonColor;
  if (isColour(colour)) {
    accept.style.background = colour;
    accept.style.color = textOn(colour);
  }

  let open = true;
  const end = (answer: () => void) => {
    if (!open) return;
    open = false;
    host.remove();
    (before as HTMLElement | null)?.focus?.({ preventScroll: true });
    answer();
  };
  accept.addEventListener('click', () => end(yes));
  reject.addEventListener('click', () => end(no));
  host.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') end(no);
  });
  document.body.prepend(host);
  // The title, not a button: Enter does not accept by accident.
  title.focus({ preventScroll: true });
  if (calm()) find('.card').animate([{ opacity: 0 }, { opacity: 1 }], 80);
  return host;
}
