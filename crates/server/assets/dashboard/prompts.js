// Settings, Asking for push: the question as the form has it, drawn by the SDK in a frame that may do nothing else.

const form = document.getElementById('look');
const frame = form.querySelector('iframe');

function tell() {
  const look = {};
  for (const [name, value] of new FormData(form)) {
    if (name.startsWith('prompts.') && value.trim()) look[name.slice('prompts.'.length)] = value.trim();
  }
  // Where the browser's own look decides, the dashboard's does here.
  look.theme ??= getComputedStyle(document.documentElement).colorScheme.includes('dark') ? 'dark' : 'light';
  frame.contentWindow.postMessage({ enabled: true, asking: look }, '*');
}

addEventListener('message', ({ source, data }) => {
  if (source !== frame.contentWindow || data !== 'looks') return;
  form.querySelector('.look-preview').hidden = false;
  tell();
});
form.addEventListener('input', tell);
// It may have begun before this module did.
frame.srcdoc += '';
