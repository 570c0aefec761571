// A page whose owner forbids all that docs/guide/install.md does not ask for: a policy with a nonce, and Trusted Types.

export const NONCE = 'c3RyaWN0';

/** The snippet as it is pasted into such a page. */
export const pasted = (snippet) => snippet.replaceAll('<script', `<script nonce="${NONCE}"`);

/** The header. `scripts` and `more` are what a site adds for itself. */
export const policy = (base, { scripts = '', more = '' } = {}) => ({
  'content-security-policy':
    `default-src 'none'; script-src 'nonce-${NONCE}'${scripts}; connect-src ${base}; img-src 'self' data: ${base}; style-src 'nonce-${NONCE}'; ` +
    `worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types campanile${more}`,
});

/** Nothing of other origins that does not say it may. */
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Stands in the head: keeps each rule that is broken in `broken`. */
export const KEEPS_BROKEN = `<script nonce="${NONCE}">broken = [];
  document.addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));</script>`;
