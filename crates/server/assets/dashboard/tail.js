// The live tail: rows that come in through one stream of events, the newest on top.
// Paused, nothing moves and what comes in waits. Cut off, it says since when, and goes on by itself where it was.

const MOST = 1000;
const SECONDS = 60;
const $ = (name) => document.querySelector(`[data-tail${name}]`);

const rows = $('-rows');
const empty = $('-empty');
const scroll = $('-scroll');
const dot = $('-dot');
const words = $('-words');
const pause = $('-pause');
const minute = $('-minute');
const shape = document.getElementById('tail-row').content.firstElementChild;
const looks = new Map([...document.querySelectorAll('template[data-look]')].map((look) => [look.dataset.look, look.content.firstElementChild]));

let waiting = [];
let missed = 0;
let paused = false;
let open = false;
let cutAt = '';
let rate = { per_second: 0, one_in: 1 };
const seconds = new Array(SECONDS).fill(0);

function row(line) {
  const made = shape.cloneNode(true);
  const [time, what, who, title, details, browser] = made.cells;
  made.dataset.kind = line.kind;
  time.textContent = time.title = line.time;
  what.append(looks.get(line.kind).cloneNode(true));
  who.firstElementChild.href = `/people/${line.profile}`;
  who.firstElementChild.textContent = line.who;
  title.textContent = title.title = line.title;
  details.textContent = details.title = line.details;
  browser.textContent = line.browser;
  return made;
}

function gap(text) {
  const made = document.createElement('tr');
  made.className = 'tail-gap';
  made.append(Object.assign(document.createElement('td'), { colSpan: 6, textContent: text }));
  return made;
}

// Rows are put in ten times a second, however many came; by a timer, for a tab in the background gets no frames.
let due = 0;
function show() {
  due = 0;
  if (paused || waiting.length === 0) return;
  const made = document.createDocumentFragment();
  for (const item of waiting.reverse()) made.append(typeof item === 'string' ? gap(item) : row(item));
  waiting = [];
  // Whoever reads further down keeps what is being read where it is. The last row says how far: the first one's height is another as second.
  const bottom = rows.lastElementChild;
  const from = bottom?.getBoundingClientRect().top ?? 0;
  const further = rows.getBoundingClientRect().top < 0;
  rows.prepend(made);
  // To a place and not by a distance, which Firefox adds to where its compositor is.
  if (further && bottom) scrollTo({ top: scrollY + bottom.getBoundingClientRect().top - from, behavior: 'instant' });
  while (rows.rows.length > MOST) rows.lastElementChild.remove();
  empty.hidden = true;
  scroll.hidden = false;
}

function take(item) {
  waiting.push(item);
  if (waiting.length > MOST) { waiting.shift(); missed += Number(paused); }
  if (paused) return tell();
  due ||= setTimeout(show, 100);
}

function clock() {
  return new Date().toLocaleTimeString('en-GB');
}

function tell() {
  dot.className = `dot ${cutAt ? 'dot-bad' : paused ? 'dot-warn' : open ? 'dot-ok' : ''}`;
  const every = rate.one_in > 1 ? `, showing 1 in ${rate.one_in}` : '';
  const text = cutAt ? `Cut off at ${cutAt}. Trying again; the ledger has everything.`
    : paused ? `Paused. ${waiting.length + missed} came meanwhile`
    : open ? `${rate.per_second} a second${every}`
    : 'Listening…';
  if (words.textContent !== text) words.textContent = text;
}

function halt(now) {
  paused = now;
  pause.setAttribute('aria-pressed', String(paused));
  pause.querySelector('span').textContent = paused ? 'Go on' : 'Pause';
  if (!paused) {
    if (missed > 0) waiting.unshift(`${missed} more came while this was paused; they are kept, only not here`);
    missed = 0;
    show();
  }
  tell();
}

// An address that is come back to after a while names the last line that was seen, as the browser's own second try does.
let last = '';
function listen() {
  const address = new URL($('').dataset.tail, location.href);
  if (last) address.searchParams.set('after', last);
  const source = new EventSource(address);
  source.addEventListener('open', () => { open = true; cutAt = ''; tell(); });
  source.addEventListener('line', (event) => { last = event.lastEventId; take(JSON.parse(event.data)); });
  source.addEventListener('lost', (event) => {
    const { lines } = JSON.parse(event.data);
    take(lines === null ? 'Another server, or a new start of it, goes on here; what happened between is kept, only not here' : `${lines} lines came too fast to be told; they are kept, only not here`);
  });
  source.addEventListener('rate', (event) => { rate = JSON.parse(event.data); tell(); });
  source.addEventListener('error', () => {
    cutAt ||= clock();
    rate = { per_second: 0, one_in: 1 };
    tell();
    // Refused for good, or a browser that gives up: once more, from where it was.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

function draw() {
  seconds.push(rate.per_second);
  seconds.shift();
  const top = Math.max(...seconds, 1);
  const points = seconds.map((n, at) => `${at} ${(19 - (n / top) * 18).toFixed(1)}`);
  minute.querySelector('path').setAttribute('d', `M${points.join('L')}`);
}

pause.hidden = minute.hidden = false;
pause.addEventListener('click', () => halt(!paused));
document.addEventListener('keydown', (event) => {
  const busy = event.target.closest?.('input, textarea, select, button, a, summary, [contenteditable]');
  if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector('dialog[open]')) return;
  // A row's link does nothing with this key.
  if (busy && !busy.matches('[data-row]')) return;
  event.preventDefault();
  halt(!paused);
});
setInterval(draw, 1000);
tell();
listen();
