// Parts of a form that are easier with script: rows in place, only the operators that fit, colours, a visitor's data, pictures.
// Each of them has a button or an input that works without.

const form = document.getElementById('editor');
const typed = () => document.dispatchEvent(new Event('typed'));

// -- Rows --------------------------------------------------------------------------------------------------
/** The next free index of a list: one more than the greatest. */
function next(list) {
  const open = `${list}[`;
  const used = [...form.elements].map((element) => element.name ?? '').filter((name) => name.startsWith(open));
  return Math.max(-1, ...used.map((name) => Number.parseInt(name.slice(open.length), 10))) + 1;
}

form.addEventListener('click', (event) => {
  const add = event.target.closest?.('[data-add]');
  const remove = event.target.closest?.('[data-remove]');
  if (add) {
    event.preventDefault();
    const list = add.closest('[data-list]');
    const name = `${list.dataset.list}[${next(list.dataset.list)}]`;
    const blank = document.getElementById(`blank-${add.dataset.add}`);
    const mark = `__${add.dataset.add}__`;
    const row = blank.content.firstElementChild.cloneNode(true);
    for (const element of [row, ...row.querySelectorAll('*')]) {
      for (const attribute of ['id', 'name', 'value', 'for', 'data-limit', 'aria-describedby']) {
        const value = element.getAttribute(attribute);
        if (value?.includes(mark)) element.setAttribute(attribute, value.replace(mark, name));
      }
    }
    [...list.children].find((child) => child.matches('[data-rows-of]')).append(row);
    suit(row);
    row.querySelector('select, input:not([type="hidden"])')?.focus();
    typed();
  } else if (remove) {
    event.preventDefault();
    const row = remove.closest('[data-row]');
    const beside = row.nextElementSibling ?? row.previousElementSibling ?? row.closest('[data-list]').querySelector('[data-add]');
    row.remove();
    (beside.matches('button') ? beside : beside.querySelector('select, input:not([type="hidden"])'))?.focus();
    typed();
  }
});

/** Leaves only the operators that go with what a row is about. */
function suit(row) {
  const is = row.querySelector('.rule-is')?.value;
  const op = row.querySelector('.rule-op');
  if (!op || !is) return;
  for (const option of op.options) option.hidden = option.disabled = !option.dataset.goes.split(' ').includes(is);
  if (op.selectedOptions[0]?.disabled) op.value = [...op.options].find((option) => !option.disabled)?.value ?? op.value;
  const yesNo = is === 'identified' || is === 'subscribed';
  const value = row.querySelector('.rule-value');
  value.placeholder = yesNo ? 'yes or no' : 'value, or several, with commas';
  if (yesNo && !value.value) value.value = 'yes';
}
const suitAll = () => { for (const row of form.querySelectorAll('.rule-row')) suit(row); };
form.addEventListener('change', (event) => { if (event.target.matches('.rule-is')) suit(event.target.closest('.rule-row')); });
document.addEventListener('restored', () => { suitAll(); colours(); });
suitAll();

// -- Colours -------------------------------------------------------------------------------------------------
const pickers = [...form.querySelectorAll('[data-colour]')];
function colours() {
  for (const picker of pickers) {
    const value = document.getElementById(picker.dataset.colour).value.trim();
    if (/^#[0-9a-f]{6}$/i.test(value)) picker.value = value.toLowerCase();
  }
}
for (const picker of pickers) {
  const text = document.getElementById(picker.dataset.colour);
  picker.hidden = false;
  picker.addEventListener('input', () => { text.value = picker.value; typed(); });
  text.addEventListener('input', colours);
}
for (const mend of form.querySelectorAll('[data-mend]')) {
  mend.hidden = false;
  mend.addEventListener('click', () => {
    document.getElementById(mend.dataset.mend).value = mend.dataset.value;
    mend.hidden = true;
    colours();
    typed();
  });
}

// -- A visitor's data ----------------------------------------------------------------------------------------
const tags = document.getElementById('tags');
for (const button of form.querySelectorAll('[data-tags]')) {
  button.hidden = false;
  button.addEventListener('click', () => open(document.getElementById(button.dataset.tags)));
}
let into;
/** Fields that somebody was in: in any other the data goes to the end. */
const been = new WeakSet();
form.addEventListener('focusin', (event) => been.add(event.target));
function open(field) {
  into = field;
  tags.returnValue = '';
  tags.showModal();
}
function insert() {
  const name = document.getElementById('tag-name').value.trim();
  if (tags.returnValue !== 'insert' || !name) return into?.focus();
  const other = document.getElementById('tag-default').value.replaceAll('"', '’');
  const path = /^[\p{L}\p{N}_-]+$/u.test(name) ? `profile.${name}` : `profile["${name.replaceAll('"', '')}"]`;
  const end = into.value.length;
  let [from, to] = been.has(into) ? [into.selectionStart ?? end, into.selectionEnd ?? end] : [end, end];
  // Whoever typed two braces has begun already.
  if (into.value.slice(0, from).endsWith('{{')) from -= 2;
  into.setRangeText(`{{ ${path}${other ? ` | default: "${other}"` : ''} }}`, from, to, 'end');
  into.focus();
  typed();
}
tags?.addEventListener('close', insert);
form.addEventListener('input', (event) => {
  const field = event.target;
  const offers = field.id && form.querySelector(`[data-tags="${CSS.escape(field.id)}"]`);
  if (tags && offers && event.data === '{' && field.value.slice(0, field.selectionStart).endsWith('{{')) open(field);
});

// -- Pictures --------------------------------------------------------------------------------------------------
const upload = document.getElementById('upload');
const file = document.getElementById('picture-file');
if (upload && file) {
  const note = form.querySelector('[data-upload-note]');
  const button = form.querySelector('[data-upload]');
  const at = form.querySelector('[data-picture] input[name$=".image.url"]').name.replace(/url$/, '');
  button.hidden = true;
  note.textContent = 'JPEG, PNG, WebP, GIF or AVIF. It is drawn anew and kept here.';
  file.addEventListener('change', async () => {
    if (!file.files.length) return;
    note.textContent = 'Uploading';
    try {
      const answer = await fetch(upload.action, { method: 'POST', headers: { accept: 'application/json' }, body: new FormData(upload) });
      const told = await answer.json();
      if (!answer.ok) {
        note.textContent = told.error?.fields?.[0]?.message ?? told.error?.message ?? 'Not uploaded. Nothing was changed.';
        return;
      }
      for (const [name, value] of [['url', told.url], ['size_of', told.url], ['width', told.width], ['height', told.height]]) {
        document.getElementById(at + name).value = value;
      }
      note.textContent = `${told.name || 'Picture'}, ${told.width} × ${told.height}, ${Math.round(told.bytes / 1000)} kB after re-encoding`;
      file.value = '';
      small();
      typed();
    } catch {
      note.textContent = 'Not uploaded: no connection. Nothing was changed.';
    }
  });
  const address = document.getElementById(`${at}url`);
  function small() {
    const shown = form.querySelector('[data-picture-small]');
    if (shown.tagName === 'IMG') { shown.src = address.value; return; }
    const picture = Object.assign(document.createElement('img'), { className: 'picture-small', alt: '', src: address.value });
    picture.dataset.pictureSmall = '';
    shown.replaceWith(picture);
  }
  const own = form.querySelector('[data-own-art]');
  if (own) {
    own.hidden = !address.value;
    address.addEventListener('input', () => { own.hidden = !address.value; });
    own.addEventListener('click', () => { address.value = ''; own.hidden = true; typed(); });
  }
}
