// The buttons of a push: moved, removed and added in place. Each button of the form does the same without script, by saving.
// What moves is all of a button: its words, its address, the name that its clicks are counted under, and its words in other languages.

const form = document.getElementById('editor');
const places = [...form.querySelectorAll('[data-buttons] > .twin')];
const add = form.querySelector('[data-button-add]');
const inputs = (place) => [...place.querySelectorAll('input')];
const isEmpty = (place) => inputs(place).slice(1).every((input) => input.value.trim() === '');
/** How many places are seen: those that are filled, and the one that was asked for. */
let seen = 0;

function filled() {
  return places.findLastIndex((place) => !isEmpty(place)) + 1;
}

/** Puts the button of place `order[n]` into place n; a place without one is empty. */
function reorder(order) {
  const before = places.map((place) => inputs(place).map((input) => input.value));
  places.forEach((place, at) => inputs(place).forEach((input, part) => { input.value = before[order[at]]?.[part] ?? ''; }));
  for (const words of form.querySelectorAll('[name^="push.translations["][name$="].buttons"]')) {
    const lines = words.value.split('\n');
    if (words.value.trim()) words.value = order.map((from) => lines[from] ?? '').join('\n').trimEnd();
  }
  document.dispatchEvent(new Event('typed'));
}

function show() {
  seen = Math.max(seen, filled());
  places.forEach((place, at) => {
    place.hidden = at >= seen;
    place.querySelector('[data-button-up]').disabled = at === 0;
    place.querySelector('[data-button-down]').disabled = at >= seen - 1;
  });
  add.hidden = seen === places.length;
  add.lastElementChild.textContent = `Button, ${seen} of ${places.length}`;
}

/** Where the focus goes on after a move: to the same button in its new place, or the other one where that place is the last. */
function follow(place, name) {
  const tool = place.querySelector(`[data-button-${name}]`);
  (tool.disabled ? place.querySelector('.twin-tools button:not(:disabled)') : tool).focus();
}

form.addEventListener('click', (event) => {
  const tool = event.target.closest?.('.twin-tools button');
  if (!tool) return;
  event.preventDefault();
  const at = places.indexOf(tool.closest('.twin'));
  const order = places.map((_, place) => place);
  if ('buttonRemove' in tool.dataset) {
    order.splice(at, 1);
    seen -= 1;
    reorder(order);
    show();
    const next = places.slice(0, seen)[Math.min(at, seen - 1)];
    (next ? inputs(next)[1] : add).focus();
    return;
  }
  const name = 'buttonUp' in tool.dataset ? 'up' : 'down';
  const to = name === 'up' ? at - 1 : at + 1;
  [order[at], order[to]] = [order[to], order[at]];
  reorder(order);
  show();
  follow(places[to], name);
});

add.addEventListener('click', () => {
  seen += 1;
  show();
  inputs(places[seen - 1])[1].focus();
});
form.addEventListener('input', (event) => { if (event.target.closest('.twin')) show(); });
show();
