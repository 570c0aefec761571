// The push composer's live part: the payload, the looks, counters, and a warning before unsaved words are lost.
// The server renders and judges; this file only asks and puts the answer in its place.

const form = document.getElementById('editor');
const $ = (selector) => form.querySelector(selector);
const $$ = (selector) => [...form.querySelectorAll(selector)];
const field = (name) => form.elements.namedItem(name);
const value = (name) => { const found = field(name); return found ? found.value : ''; };

// -- What the server says about the draft ----------------------------------------------------------------------
function checks(errors) {
  const list = $('[data-checks]');
  const rows = errors.map((error) => {
    const row = document.getElementById('check-bad').content.cloneNode(true);
    const link = row.querySelector('a');
    link.textContent = error.message;
    link.href = `#${error.field}`;
    return row;
  });
  list.replaceChildren(...(rows.length ? rows : [document.getElementById('check-good').content.cloneNode(true)]));
}

function weigh(bytes) {
  const meter = $('[data-bytes-meter]');
  $('[data-bytes]').textContent = bytes.toLocaleString('en');
  meter.value = bytes;
  meter.classList.toggle('is-over', bytes > meter.max);
  meter.classList.toggle('is-near', bytes > meter.max * 0.9 && bytes <= meter.max);
  $('.weight').classList.toggle('is-over', bytes > meter.max);
}

/** What the looks show where it is not what is typed for A: personal texts filled, another variant's. */
let shown = {};
function outlook(told) {
  weigh(told.bytes);
  $('[data-payload]').textContent = told.payload;
  $('[data-sentence]').textContent = told.sentence;
  $('[data-reach]').textContent = told.reach;
  $('[data-verb]').textContent = told.verb;
  $('[data-verb-short]').textContent = told.verb.startsWith('Send') ? 'Send push' : told.verb.split(' ')[0];
  $('[data-nobody]').hidden = !told.nobody;
  const leftOut = $('[data-left-out]');
  leftOut.hidden = !told.left_out;
  leftOut.querySelector('p').textContent = told.left_out;
  shown = told.shown;
  $('[data-as]').hidden = !told.personal;
  notes(told.notes);
  local();
  pictures();
}

/** What each browser ignores or cuts of what is filled in. */
function notes(told) {
  const note = (words) => {
    const row = document.getElementById(words ? 'look-lost' : 'look-whole').content.cloneNode(true);
    if (words) row.querySelector('span').textContent = words;
    return row;
  };
  for (const list of $$('[data-notes]')) {
    const said = told[list.dataset.notes];
    list.replaceChildren(...(said.length ? said : ['']).map(note));
  }
}

let asked = 0;
async function preview() {
  const mine = ++asked;
  try {
    const answer = await fetch(form.dataset.preview, { method: 'POST', headers: { accept: 'application/json' }, body: new URLSearchParams(new FormData(form)) });
    if (answer.redirected || !answer.headers.get('content-type')?.includes('json')) throw new Error(String(answer.status));
    const told = await answer.json();
    if (mine !== asked) return;
    checks(told.error ? [{ field: 'review', message: told.error.message }] : told.errors);
    if (told.payload) outlook(told);
  } catch { /* Checks and payload stay as they were; the next letter asks again, and saving checks for itself. */ }
}

// -- What can be told without asking --------------------------------------------------------------------------
const says = {
  ttl: () => field('push.ttl_seconds').selectedOptions[0].textContent.toLowerCase(),
};

function local() {
  document.querySelector('[data-name]').textContent = value('name') || 'Untitled';
  for (const place of $$('[data-say]')) place.textContent = says[place.dataset.say]();
  for (const limit of $$('[data-limit]')) {
    // Of a personal text what somebody would read counts; the counters are those of A.
    const name = limit.dataset.limit;
    const used = [...(isOther() ? value(name) : shownAs(name))].length;
    const good = Number(limit.dataset.good);
    const meter = limit.firstElementChild;
    meter.value = used;
    meter.classList.toggle('is-near', used > good * 0.9 && used <= good);
    meter.classList.toggle('is-over', used > good);
    limit.lastElementChild.textContent = `${used} of ${good}`;
  }
  languages();
  looks();
}

/** Whether another variant than A is looked at. */
const isOther = () => Number(value('stage.variant')) > 0;

/** A text as it is shown. While a personal one is being typed it stands as it is typed, until the server has filled it. */
function shownAs(name) {
  if (isOther()) return shown[name] ?? '';
  const typed = value(name);
  return value('stage.language') || /\{[{%]/.test(typed) ? (shown[name] ?? typed) : typed;
}

/** The languages in which the looks can be shown. */
function languages() {
  const choice = field('stage.language');
  const rows = $$('[name^="push.translations["][name$="].language"]');
  const named = rows.map((input) => input.value.trim()).filter(Boolean);
  choice.closest('label').hidden = named.length === 0;
  const known = [...choice.options].slice(1).map((option) => option.value);
  if (named.join() === known.join()) return;
  const chosen = choice.value;
  choice.replaceChildren(choice.options[0], ...named.map((name) => new Option(name)));
  choice.value = named.includes(chosen) ? chosen : '';
}

/** As much of a text as fits where the server says that no more letters do. */
function cut(text, most) {
  const letters = [...text];
  return most && letters.length > most ? `${letters.slice(0, most - 1).join('').trimEnd()}…` : text;
}

function looks() {
  for (const place of $$('[data-push]')) {
    place.textContent = cut(shownAs(place.dataset.push), Number(place.dataset.most));
    if (place.dataset.push.startsWith('push.actions')) place.hidden = !place.textContent;
  }
}

// A picture is fetched when its address is complete (the field is left), not at every letter: half an address is another address.
function pictures() {
  for (const picture of $$('[data-push-image]')) {
    const address = shownAs(picture.dataset.pushImage).trim();
    const good = /^https?:\/\//.test(address);
    picture.hidden = !good;
    if (good && picture.getAttribute('src') !== address) picture.src = address;
  }
}

// -- Typing -------------------------------------------------------------------------------------------------------
let changed = false;
let timer;
function typing() {
  changed = true;
  document.querySelector('[data-saved]').textContent = 'Not saved yet';
  local();
  clearTimeout(timer);
  timer = setTimeout(preview, 250);
}
form.addEventListener('input', (event) => {
  if (event.target.name.startsWith('stage.')) preview();
  else if (event.target.name && event.target.form === form) typing();
});
// A row came or went.
document.addEventListener('typed', typing);
form.addEventListener('change', pictures);
form.addEventListener('submit', (event) => { if (!event.submitter?.formTarget) changed = false; });
addEventListener('beforeunload', (event) => { if (changed) event.preventDefault(); });
for (const error of $$('[aria-invalid="true"]').slice(0, 1)) error.closest('details')?.setAttribute('open', '');

// The step of the part that is being read.
const steps = [...document.querySelectorAll('.step')];
const parts = steps.map((step) => document.querySelector(step.getAttribute('href')));
function lit() {
  const line = 160;
  const last = scrollY + innerHeight >= document.documentElement.scrollHeight - 4 && scrollY > 0;
  const at = last ? parts.length - 1 : Math.max(0, parts.findLastIndex((part) => part.getBoundingClientRect().top < line));
  steps.forEach((step, index) => {
    step.classList.toggle('is-current', index === at);
    step.querySelector('.pip').classList.toggle('pip-current', index === at);
    if (index === at) step.setAttribute('aria-current', 'step'); else step.removeAttribute('aria-current');
  });
}
addEventListener('scroll', lit, { passive: true });
lit();
local();
