// The steps of the pop-up editor: saves what is typed, says what the server thinks of it, and takes changes back.
// The server reads, judges and draws; this file only asks and puts the answer in its place. Without it every button still works.

const form = document.getElementById('editor');
const body = form.querySelector('.editor-form');
const $ = (selector) => form.querySelector(selector);
const $$ = (selector) => [...form.querySelectorAll(selector)];
const savedLine = $('[data-saved]');
const NOT_KEPT = /^(stage\.|test\.|csrf$|version$|over$|then$)/;
/** How long after the last letter the stage asks, and the form is saved, ms. */
const LOOK = 250;
const SAVE = 800;
/** How long after the server could not be reached it is tried again, ms. */
const AGAIN = 4000;

$('.step.is-current')?.scrollIntoView({ block: 'nearest', inline: 'center' });
for (const hidden of $$('[data-undo], [data-redo]')) hidden.hidden = false;
for (const shown of $$('[data-save], [data-revert]')) shown.hidden = true;

// -- Asking -----------------------------------------------------------------------------------------------
function words() {
  const sent = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') sent.append(name, value);
  return sent;
}

/** What the server says; `null` where it could not be reached. What is no JSON was said by somebody on the way. */
async function ask(address, sent) {
  let answer;
  let text;
  try {
    answer = await fetch(address, { method: 'POST', headers: { accept: 'application/json' }, body: sent, redirect: 'manual' });
    text = await answer.text();
  } catch {
    return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    return { error: { message: `The server gave no proper answer (status ${answer.status}).` } };
  }
}

let changed = false;
let saving = null;
let stopped = false;
let timer;

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(save, ms);
}

/** Saves what is typed; true when all of it is kept. One at a time: what is typed meanwhile goes with the next. */
async function save() {
  clearTimeout(timer);
  if (saving) {
    await saving;
    return changed ? save() : true;
  }
  if (!changed || stopped) return !changed;
  changed = false;
  saving = send();
  const kept = await saving;
  saving = null;
  if (kept && changed) return save();
  if (!kept) changed = true;
  return kept;
}

async function send() {
  savedLine.textContent = 'Saving';
  const told = await ask(form.action, words());
  if (!told) {
    savedLine.textContent = 'Not saved: no connection. Kept in this tab.';
    later(AGAIN);
    return false;
  }
  if (told.conflict) {
    stopped = true;
    savedLine.textContent = 'Not saved';
    document.getElementById('conflict').hidden = false;
    return false;
  }
  if (!told.saved) {
    const errors = told.errors ?? told.error?.errors ?? [{ field: '', message: told.error?.message ?? 'The server gave no reason.' }];
    refuse(errors.find((error) => !placeOf(error.field)));
    savedLine.textContent = refused.hidden ? 'Not saved: see below' : 'Not saved';
    judge(errors);
    return false;
  }
  form.elements.version.value = told.version;
  savedLine.textContent = `Saved at ${told.at}`;
  refuse();
  tell(told);
  return true;
}

const refused = document.getElementById('refused');
/** Says above the form what was refused and has no field here; nothing takes it away. */
function refuse(error) {
  refused.hidden = !error;
  refused.querySelector('span').textContent = error ? `Not saved. ${error.message}` : '';
}

// -- What the server says ------------------------------------------------------------------------------------
let faults = [];

function tell(told) {
  $('[data-name]').textContent = told.name;
  const pending = $('[data-pending]');
  pending.hidden = !told.pending;
  for (const link of $$('[data-step-link]')) {
    const pip = link.querySelector('.pip');
    if (link.classList.contains('is-current') || link.dataset.stepLink === 'review') continue;
    const now = document.getElementById(told.wrong_steps.includes(link.dataset.stepLink) ? 'pip-error' : 'pip-done');
    pip.replaceWith(now.content.cloneNode(true));
  }
  const sentence = $('[data-sentence]');
  if (sentence) sentence.textContent = told.sentence;
  warn(told.warnings);
  judge(told.errors);
}

function warn(warnings) {
  const list = $('[data-warnings]');
  if (!list) return;
  const here = warnings.filter((warning) => document.getElementById(warning.field));
  list.replaceChildren(
    ...here.map((warning) => {
      const note = document.getElementById('warning').content.cloneNode(true);
      const link = note.querySelector('a');
      link.textContent = warning.message;
      link.href = `#${warning.field}`;
      return note;
    }),
  );
}

/** The element that a fault is told at: its own, or that of the part it is in. */
function placeOf(field) {
  for (let name = field; name; name = name.replace(/(\[[^\]]*\]|\.[^.[]*|^[^.[]*)$/, '')) {
    const element = document.getElementById(name);
    if (element && body.contains(element)) return element;
  }
  return null;
}

function judge(errors) {
  faults = errors;
  for (const old of body.querySelectorAll('.wrong')) old.remove();
  for (const old of body.querySelectorAll('.is-wrong')) old.classList.remove('is-wrong');
  for (const old of body.querySelectorAll('[aria-invalid]')) {
    old.removeAttribute('aria-invalid');
    const help = document.getElementById(`${old.id}-help`);
    if (help) old.setAttribute('aria-describedby', help.id);
    else old.removeAttribute('aria-describedby');
  }
  $('#summary')?.remove();
  for (const error of errors) {
    const element = placeOf(error.field);
    const around = element?.closest('.rule-row, .field, .often-line, .part') ?? element;
    // Nobody is corrected in the middle of a word.
    if (!element || around.querySelector('.wrong') || around.contains(document.activeElement)) continue;
    const wrong = document.getElementById('wrong').content.cloneNode(true).firstElementChild;
    wrong.id = `${element.id}-wrong`;
    wrong.lastElementChild.textContent = error.message;
    if (element.matches('input, select, textarea')) {
      element.setAttribute('aria-invalid', 'true');
      element.setAttribute('aria-describedby', wrong.id);
    }
    if (around.matches('.rule-row')) around.classList.add('is-wrong');
    const fold = around.closest('details');
    if (fold) fold.open = true;
    if (around.matches('.part') && element !== around) element.after(wrong);
    else if (around.matches('.part')) around.querySelector('h2').after(wrong);
    else around.append(wrong);
  }
}
body.addEventListener('focusout', () => setTimeout(() => judge(faults)));
// What the page came with is told again by the same rules.
faults = [...body.querySelectorAll('.wrong')].map((wrong) => ({ field: wrong.id.replace(/-wrong$/, ''), message: wrong.textContent.trim() }));

// -- Looking -------------------------------------------------------------------------------------------------
let asked = 0;
let looking;
async function look() {
  if (!$('[data-stage]')) return;
  const mine = ++asked;
  const told = await ask(form.dataset.preview, words());
  if (mine !== asked) return;
  if (told?.html) {
    document.dispatchEvent(new CustomEvent('drawn', { detail: told }));
    if (form.dataset.step === 'what') warn(told.warnings);
    return;
  }
  const note = $('[data-stage-note]').lastElementChild;
  if (!told) {
    note.textContent = 'Not fresh: no connection. What you type is kept in this tab.';
    clearTimeout(looking);
    looking = setTimeout(look, AGAIN);
  } else note.textContent = told.error ? `Not fresh. ${told.error.message}` : 'The last version that could be drawn';
}

// -- Typing, and taking it back --------------------------------------------------------------------------------
function controls() {
  const seen = new Map();
  return [...form.elements]
    .filter((element) => element.name && !NOT_KEPT.test(element.name) && element.type !== 'file' && element.tagName !== 'BUTTON')
    .map((element) => {
      const at = seen.get(element.name) ?? 0;
      seen.set(element.name, at + 1);
      return [`${element.name}\n${at}`, element];
    });
}
const isTick = (element) => element.type === 'checkbox' || element.type === 'radio';
const values = () => new Map(controls().map(([key, element]) => [key, isTick(element) ? element.checked : element.value]));
const rows = () => new Map($$('[data-rows-of]').filter((list) => !list.closest('[data-row]')).map((list) => [list, [...list.children].map((row) => row.cloneNode(true))]));
const same = (one, other) => one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);

let states = [{ values: values(), rows: rows() }];
let now = 0;
let remembering;

function remember() {
  clearTimeout(remembering);
  const state = { values: values(), rows: rows() };
  if (same(state.values, states[now].values)) return;
  states = [...states.slice(Math.max(0, now - 98), now + 1), state];
  now = states.length - 1;
  buttons();
}

function buttons() {
  $('[data-undo]').disabled = now === 0;
  $('[data-redo]').disabled = now === states.length - 1;
}

function go(step) {
  remember();
  if (!states[now + step]) return;
  now += step;
  const state = states[now];
  for (const [list, kept] of state.rows) list.replaceChildren(...kept.map((row) => row.cloneNode(true)));
  for (const [key, element] of controls()) {
    if (!state.values.has(key)) continue;
    if (isTick(element)) element.checked = state.values.get(key);
    else if (element.value !== state.values.get(key)) element.value = state.values.get(key);
  }
  buttons();
  document.dispatchEvent(new Event('restored'));
  touched();
}

function touched() {
  changed = true;
  if (!stopped) savedLine.textContent = 'Not saved yet';
  count();
  clearTimeout(looking);
  looking = setTimeout(look, LOOK);
  later(SAVE);
}

form.addEventListener('input', (event) => {
  const { name } = event.target;
  if (!name || event.target.form !== form) return;
  if (name.startsWith('stage.')) {
    clearTimeout(looking);
    if (name !== 'stage.device') looking = setTimeout(look, name === 'stage.as' ? 500 : 0);
    return;
  }
  if (NOT_KEPT.test(name)) return;
  touched();
  clearTimeout(remembering);
  remembering = setTimeout(remember, 500);
});
form.addEventListener('change', remember);
/** Other modules that change the form say so. */
document.addEventListener('typed', () => { touched(); remember(); });
$('[data-undo]').addEventListener('click', () => go(-1));
$('[data-redo]').addEventListener('click', () => go(1));
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'z' || event.target.closest?.('dialog')) return;
  event.preventDefault();
  go(event.shiftKey ? 1 : -1);
});

function count() {
  for (const limit of $$('[data-limit]')) {
    const used = [...document.getElementById(limit.dataset.limit).value].length;
    const good = Number(limit.dataset.good);
    const meter = limit.firstElementChild;
    limit.hidden = used * 2 < good;
    meter.value = used;
    meter.classList.toggle('is-near', used > good * 0.9 && used <= good);
    meter.classList.toggle('is-over', used > good);
    limit.lastElementChild.textContent = `${used} of ${good}`;
  }
}

// -- Leaving -------------------------------------------------------------------------------------------------
/** A button that leads on waits until everything is kept; one that sends the form itself, until no save is under way: its revision counts. */
form.addEventListener('submit', async (event) => {
  const button = event.submitter;
  const action = button?.getAttribute('formaction') ?? '';
  if (action === '/campaigns/preview') return;
  if (!action && button?.value === 'stay') {
    event.preventDefault();
    changed = true;
    save();
    return;
  }
  if (!action && button?.value !== 'next') {
    clearTimeout(timer);
    if (!saving) { changed = false; return; }
    event.preventDefault();
    await saving;
    form.requestSubmit(button);
    return;
  }
  if (!changed && !saving) return;
  event.preventDefault();
  changed = true;
  save().then((kept) => {
    if (kept) form.requestSubmit(button);
    else (body.querySelector('[aria-invalid="true"]') ?? savedLine).scrollIntoView({ block: 'center' });
  });
});
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.step, .variants a, .say a, .side a');
  if (!link?.href || event.ctrlKey || event.metaKey || event.shiftKey || (!changed && !saving)) return;
  event.preventDefault();
  save().then((kept) => { if (kept) location.assign(link.href); else body.querySelector('[aria-invalid="true"]')?.scrollIntoView({ block: 'center' }); });
});
addEventListener('beforeunload', (event) => { if (changed || saving) event.preventDefault(); });

const single = { ']': 1, '[': -1 };
document.addEventListener('keydown', (event) => {
  if (!single[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input, textarea, select, dialog')) return;
  if (document.getElementById('letters')?.checked === false) return;
  const links = $$('.step');
  links[links.findIndex((link) => link.classList.contains('is-current')) + single[event.key]]?.click();
});

// A picture that was just uploaded without script stands in the form, but is not kept yet.
if (new URLSearchParams(location.search).has('media')) touched();
