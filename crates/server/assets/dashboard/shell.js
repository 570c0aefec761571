// What every page gets once script runs: copy buttons, menus that close, toasts that leave, and keys.
// Nothing here is needed to use the dashboard; elements that only work with it are `hidden` until it runs.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// -- Copy ---------------------------------------------------------------------------------------------
function say(words, bad = false) {
  const toasts = $('#toasts');
  if (!toasts) return;
  const toast = document.createElement('div');
  toast.className = bad ? 'toast toast-bad' : 'toast';
  toast.append(words);
  toasts.replaceChildren(toast);
  setTimeout(() => toast.remove(), 5000);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain HTTP on another host has no clipboard object: select and copy the old way.
    const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true, className: 'unseen' });
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) throw new Error('not copied');
  }
}

for (const button of $$('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy);
    const words = $('span', button);
    try {
      await copy('value' in source ? source.value : source.textContent);
    } catch {
      say('Not copied: the browser does not allow it here. Select the text and copy it by hand.', true);
      return;
    }
    if (!words) return say('Copied.');
    const before = words.textContent;
    words.textContent = 'Copied';
    setTimeout(() => { words.textContent = before; }, 2000);
  });
}

// -- Menus and toasts ------------------------------------------------------------------------------------
const menus = () => $$('details.menu[open]');
document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('details.menu[open]')) return;
  for (const menu of menus()) if (menu !== event.target) menu.open = false;
}, true);
document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('details.menu[open]');
  if (!menu || !['ArrowDown', 'ArrowUp'].includes(event.key)) return;
  const items = $$('.menu-item:not([hidden])', menu);
  const step = event.key === 'ArrowDown' ? 1 : -1;
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  event.preventDefault();
});
for (const toast of $$('[data-toast]')) setTimeout(() => toast.remove(), 5000);
if (new URLSearchParams(location.search).has('said')) {
  const here = new URL(location.href);
  here.searchParams.delete('said');
  history.replaceState(history.state, '', here);
}
for (const link of $$('[data-open-details]')) {
  link.addEventListener('click', () => { document.getElementById(link.dataset.openDetails).open = true; });
}
$('#summary')?.focus();

// A second click on the way does nothing; after 300 ms the button says that it works.
document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method !== 'post' || button?.formTarget) return;
  // It opens another tab; this page stays and may do it again.
  if (event.target.getAttribute('target')) return;
  if (event.target.dataset.busy) return event.preventDefault();
  event.target.dataset.busy = 'yes';
  setTimeout(() => button?.setAttribute('aria-busy', 'true'), 300);
});
addEventListener('pageshow', () => { for (const form of $$('form[data-busy]')) delete form.dataset.busy; });

// -- Keys ---------------------------------------------------------------------------------------------------
const keys = $('#keys');
const letters = $('#letters');
const LETTERS = 'campanile-single-letters';
const remembered = (() => { try { return localStorage.getItem(LETTERS); } catch { return null; } })();
if (letters) {
  letters.checked = remembered !== 'off';
  letters.addEventListener('change', () => {
    try { localStorage.setItem(LETTERS, letters.checked ? 'on' : 'off'); } catch { /* The choice then holds for this page only. */ }
  });
}
for (const opener of $$('[data-open="keys"]')) {
  opener.hidden = false;
  opener.addEventListener('click', () => { for (const menu of menus()) menu.open = false; keys.showModal(); });
}

const go = (href) => () => location.assign(href);
const places = { o: go('/overview'), c: go('/campaigns'), p: go('/people'), l: go('/live'), ',': go('/settings/install') };
let waitingForPlace = 0;

function row(step) {
  const rows = $$('[data-rows] tbody tr');
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.classList.contains('is-current'));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  rows[at]?.classList.remove('is-current');
  next.classList.add('is-current');
  $('[data-row]', next)?.focus();
}

const single = {
  '?': () => keys?.showModal(),
  '/': () => $('[data-search]')?.focus(),
  n: () => { const made = $('[data-new]'); if (made?.href) location.assign(made.href); else made?.focus(); },
  e: () => { const edit = $('tr.is-current [data-edit]') ?? (document.querySelector('[data-rows]') ? null : $('[data-edit]')); if (edit) location.assign(edit.href); },
  j: () => row(1),
  k: () => row(-1),
};

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    const open = menus();
    for (const menu of open) { menu.open = false; $('summary', menu).focus(); }
    return;
  }
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    const form = document.activeElement?.form ?? $('#editor');
    if (form) { event.preventDefault(); form.requestSubmit($('[data-save]', form)); }
    return;
  }
  const typing = event.target.closest?.('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]');
  if (typing || event.ctrlKey || event.metaKey || event.altKey || keys?.open || letters?.checked === false) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.timeStamp < waitingForPlace && places[key]) { waitingForPlace = 0; event.preventDefault(); places[key](); return; }
  if (key === 'g') { waitingForPlace = event.timeStamp + 1500; return; }
  if (single[key]) { event.preventDefault(); single[key](); }
});
