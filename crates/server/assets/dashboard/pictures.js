// The pictures of a push: uploaded in place, looked at, and what browsers will do with them said beside them.
// Nothing here refuses anything; without script the addresses are typed and the looks show them.

const form = document.getElementById('editor');
const own = new Set([location.host, form.dataset.site]);

const wants = {
  'push.icon': ({ naturalWidth: w, naturalHeight: h }) => {
    if (w !== h) return 'Not square: browsers cut it. 192 × 192 is best.';
    return w < 96 ? 'Small: it is drawn larger and looks soft. 192 × 192 is best.' : '';
  },
  'push.image': ({ naturalWidth: w, naturalHeight: h }) => {
    if (w / h < 1.7 || w / h > 2.3) return 'Not twice as wide as high: browsers cut its edges. 1024 × 512 is best.';
    return w < 512 ? 'Small: it is drawn larger and looks soft. 1024 × 512 is best.' : '';
  },
  'push.badge': ({ naturalWidth: w, naturalHeight: h }) => (w !== h || w < 72
    ? 'Android wants a square of at least 72 pixels, and paints all that is not transparent in one colour.' : ''),
};

/** What is to be said of an address that has a picture behind it. */
function remarks(name, address, picture) {
  const said = [`${picture.naturalWidth} × ${picture.naturalHeight}.`, wants[name](picture)];
  if (address.protocol === 'http:') said.push('Fetched without encryption, which browsers refuse. Use https.');
  else if (!own.has(address.host)) said.push(`It comes from ${address.host}: whoever blocks other sites’ pictures sees none. Upload it to serve it from here.`);
  return said.filter(Boolean).join(' ');
}

async function look(name) {
  const input = document.getElementById(name);
  const note = form.querySelector(`[data-picture-note="${name}"]`);
  const text = input.value.trim();
  note.hidden = true;
  if (!/^https?:\/\//.test(text) || /\{[{%]/.test(text) || !URL.canParse(text)) return;
  const picture = new Image();
  picture.src = text;
  const told = await picture.decode().then(() => remarks(name, new URL(text), picture), () => 'No picture could be loaded from this address. Check it, or upload the picture.');
  if (input.value.trim() !== text) return;
  note.textContent = told;
  note.hidden = false;
}

async function upload(name, file) {
  const note = form.querySelector(`[data-picture-note="${name}"]`);
  const said = (text) => { note.textContent = text; note.hidden = false; };
  const body = new FormData();
  body.set('csrf', form.elements.namedItem('csrf').value);
  body.set('file', file);
  said('Uploading');
  try {
    const answer = await fetch('/campaigns/media', { method: 'POST', headers: { accept: 'application/json' }, body });
    const told = await answer.json();
    if (!answer.ok) return said(told.error?.fields?.[0]?.message ?? told.error?.message ?? 'Not uploaded. Nothing was changed.');
    const input = document.getElementById(name);
    input.value = new URL(told.url, location.href).href;
    for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }));
  } catch {
    said('Not uploaded: no connection. Nothing was changed.');
  }
}

for (const name of Object.keys(wants)) {
  document.getElementById(name).addEventListener('change', () => look(name));
  const button = form.querySelector(`[data-picture-upload="${name}"]`);
  const chooser = Object.assign(document.createElement('input'), { type: 'file', accept: 'image/*' });
  chooser.addEventListener('change', () => { if (chooser.files.length) upload(name, chooser.files[0]); chooser.value = ''; });
  button.addEventListener('click', () => chooser.click());
  button.hidden = false;
  look(name);
}
