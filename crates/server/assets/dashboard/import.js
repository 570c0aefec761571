// How far an import is, in place; when it comes to its next state the page is asked for again. A hidden page does not ask.

const EVERY = 1000;
const card = document.querySelector('[data-import]');
const words = card.querySelector('[data-words]');

async function ask() {
  if (document.visibilityState === 'visible') {
    try {
      const answer = await fetch(card.dataset.import, { headers: { accept: 'application/json' }, cache: 'no-store' });
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (told.state !== card.dataset.state) return location.reload();
      card.querySelector('progress').value = told.read;
      words.textContent = told.words;
    } catch {
      words.textContent = 'Not live: no connection. The server goes on by itself.';
    }
  }
  setTimeout(ask, EVERY);
}
setTimeout(ask, EVERY);
