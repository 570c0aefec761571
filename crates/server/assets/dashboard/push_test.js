// Tests of a push that are on their way: asked about until each push service has answered.

const list = document.querySelector('[data-tests]');
const rows = () => [...list.querySelectorAll('[data-test]')];
const waiting = () => rows().filter((row) => row.dataset.state === 'waiting').map((row) => row.dataset.test);

async function ask() {
  const answer = await fetch(`/campaigns/push-tests.json?ids=${waiting().join()}`, { headers: { accept: 'application/json' } });
  if (!answer.ok || answer.redirected) return;
  for (const told of await answer.json()) {
    const row = rows().find((one) => one.dataset.test === told.id);
    row.dataset.state = told.state;
    row.querySelector('[data-words]').textContent = told.words;
  }
  if (waiting().length) setTimeout(ask, 500);
}
if (list && waiting().length) ask();
