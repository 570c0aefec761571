// Numbers that change in place: the counts of campaigns, and the line that says whether the script was seen.
// A hidden page does not ask. An answer that fails is told beside the numbers, which stay as they were.

const EVERY = 5000;

function poll(address, take, lost) {
  let timer;
  async function ask() {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') {
      try {
        const answer = await fetch(address, { headers: { accept: 'application/json' }, cache: 'no-store' });
        if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
        take(await answer.json());
      } catch {
        lost?.();
      }
    }
    timer = setTimeout(ask, EVERY);
  }
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') ask(); });
  timer = setTimeout(ask, EVERY);
}

function set(within, name, text) {
  const place = within.querySelector(`[data-live="${name}"]`);
  if (place && place.textContent !== text) place.textContent = text;
}

const counted = document.querySelector('[data-counts]');
if (counted) {
  const note = document.querySelector('[data-live-note]');
  const words = note?.querySelector('span');
  if (note) note.hidden = false;
  poll(counted.dataset.counts, ({ running, campaigns }) => {
    if (words) words.textContent = 'Counts are live';
    const place = document.querySelector('[data-running]');
    if (place) { place.hidden = running === 0; place.firstElementChild.textContent = running; }
    for (const campaign of campaigns) {
      const row = document.querySelector(`[data-campaign="${campaign.id}"]`);
      if (!row) continue;
      // Another status has another icon, other verbs, and on a report other figures: the page is asked for again.
      const alone = row === counted;
      const before = row.dataset.seen;
      row.dataset.seen = JSON.stringify(campaign);
      if (row.dataset.status && row.dataset.status !== campaign.status) return location.reload();
      if (alone && before && before !== row.dataset.seen && !document.querySelector('details[open], dialog[open]') && !document.activeElement?.matches('input, textarea, select')) return location.reload();
      for (const name of ['words', 'sent', 'shown', 'clicked', 'rate']) set(row, name, campaign[name]);
    }
  }, () => { if (words) words.textContent = 'Not live: no connection. These are the last numbers.'; });
}

const seen = document.querySelector('[data-seen]');
if (seen) {
  poll(seen.dataset.seen, (answer) => {
    if (!answer.seen) return;
    const fresh = !seen.classList.contains('is-seen');
    if (fresh) return location.reload();
    seen.querySelector('[data-seen-title]').textContent = `Seen on ${answer.seen.origin}, ${answer.seen.words}`;
  });
}

const steps = document.querySelector('[data-steps]');
if (steps) poll(steps.dataset.steps, ({ done }) => { if (String(done) !== steps.dataset.done) location.reload(); });
