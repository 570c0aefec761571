// The stage: puts the message's frame where the page would put it, on a window of a plausible size that is scaled to fit.
// The same rules as the SDK's; here the "window" is an element. Without this file the frame stands in its corner, unscaled.

const stage = document.querySelector('[data-stage]');
const host = document.getElementById('stage-host');
const frame = document.getElementById('stage-frame');
const nonce = document.querySelector('script[nonce]').nonce;
/** Free space between a box and the edges of the window. */
const INSET = 12;
/** How wide a window each kind is looked at in, on a desk. */
const WIDE = { box: 860, banner: 1120, interstitial: 1200 };
const PHONE = 390;

const phone = () => document.getElementById('stage-phone')?.checked;
const set = (element, properties) => {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
};

function place() {
  const view = stage.firstElementChild;
  const { kind, place: at, shadow, scheme } = host.dataset;
  const number = (name) => Number(host.dataset[name]) || 0;
  const [up, right, down, left] = host.dataset.bleed.split(' ').map(Number);
  const full = host.hasAttribute('data-full');
  const [wide, high] = [stage.clientWidth, stage.clientHeight];
  const window = Math.max(wide, phone() ? 0 : Math.max(full ? 1280 : WIDE[kind] ?? 860, number('width') + 80));
  const width = phone() ? PHONE : window;
  const scale = wide / width;
  const height = high / scale;
  set(view, { inset: 'auto', top: '0', left: '0', width: `${width}px`, height: `${height}px`, transform: `scale(${scale})`, 'transform-origin': '0 0' });

  const narrow = width < 520;
  const sheet = host.hasAttribute('data-sheet') && narrow;
  const banner = kind === 'banner';
  let radius = `${number('radius')}px`;
  host.removeAttribute('style');
  set(host, { inset: 'auto', 'inline-size': 'auto', 'max-inline-size': 'none' });
  if (full) {
    set(host, { inset: '0' });
    radius = '0';
  } else if (banner || sheet) {
    set(host, { left: '0', right: '0', [banner && at !== 'bottom' ? 'top' : 'bottom']: '0' });
    if (sheet) radius += ` ${radius} 0 0`;
  } else {
    const asked = (narrow && number('narrow')) || number('width') || 400;
    set(host, { width: `${Math.min(width - Math.max(2 * INSET, left + right), asked)}px` });
    if (kind === 'interstitial') set(host, { inset: `${up}px 0 ${down}px`, margin: 'auto', height: 'fit-content' });
    else {
      const [vertical, side] = at.split('-');
      const rtl = frame.contentDocument?.documentElement?.dir === 'rtl';
      const [edge, bleed] = vertical === 'top' ? ['top', up] : ['bottom', down];
      set(host, { [edge]: `${Math.max(INSET, bleed)}px` });
      const onTheRight = (side === 'left') === rtl;
      set(host, onTheRight ? { right: `${Math.max(INSET, right)}px` } : { left: `${Math.max(INSET, left)}px` });
    }
  }
  if (shadow === 'drop') set(host, { filter: 'drop-shadow(0 18px 25px #0b0e1440) drop-shadow(0 2px 3px #0b0e1426)', 'box-shadow': 'none' });
  else {
    set(host, { 'border-radius': radius, 'box-shadow': shadow === 'box' ? '0 18px 50px #0b0e1440, 0 2px 6px #0b0e1426' : 'none' });
    if (up + right + down + left === 0) set(host, { overflow: 'hidden' });
  }
  const theme = scheme === 'dark' || scheme === 'light' ? scheme : 'light dark';
  frame.removeAttribute('style');
  set(frame, { width: `calc(100% + ${left + right}px)`, margin: `-${up}px -${right}px -${down}px -${left}px`, 'color-scheme': theme });
  fit(full, banner ? height : height - 2 * INSET);
}

function fit(full, most) {
  const page = frame.contentDocument;
  if (!page?.body) return;
  if (full) {
    set(frame, { height: '100%' });
    return;
  }
  const content = page.getElementById('contentDiv') ?? page.body;
  const tall = () => Math.min(Math.ceil(content.getBoundingClientRect().height), Math.floor(most));
  // Twice: a content that measures the frame finds its height in two steps.
  set(frame, { height: `${Math.floor(most)}px` });
  set(frame, { height: `${tall()}px` });
  set(frame, { height: `${tall()}px` });
}

function show(told) {
  if (!told.html) return;
  const { display } = told;
  for (const element of document.querySelectorAll('.stage-veil, .stage-host')) element.dataset.kind = display.kind;
  Object.assign(host.dataset, {
    place: display.kind === 'banner' ? display.edge : display.corner,
    shadow: display.shadow ?? 'box',
    width: display.width,
    narrow: display.narrow ?? 0,
    radius: display.radius,
    bleed: (display.bleed ?? [0, 0, 0, 0]).join(' '),
    scheme: display.theme,
  });
  host.toggleAttribute('data-sheet', Boolean(display.sheet));
  host.toggleAttribute('data-full', Boolean(display.full));
  const html = told.html.replaceAll('campanile-nonce', nonce);
  if (frame.getAttribute('srcdoc') !== html) frame.srcdoc = html;
  place();
  const sum = document.querySelector('[data-stage-sum]');
  sum.textContent = `sha256 ${told.sha256.slice(0, 4)}…${told.sha256.slice(-4)}, ${told.size}`;
  sum.title = told.sha256;
  const note = document.querySelector('[data-stage-note]');
  note.classList.toggle('is-lacking', told.lacks);
  note.lastElementChild.textContent = told.note;
}

if (stage) {
  frame.addEventListener('load', place);
  new ResizeObserver(() => requestAnimationFrame(place)).observe(stage);
  for (const radio of document.querySelectorAll('[name="stage.device"]')) radio.addEventListener('change', () => requestAnimationFrame(place));
  document.addEventListener('drawn', (event) => show(event.detail));
  place();
}
