/**
 * Trusted Types: the one policy, `campanile`, for the sinks that the SDK writes (srcdoc of the frame, skeleton of the dialog, addresses
 * of the worker and of the parts).
 *
 * Pages without Trusted Types get plain strings. A policy can be made once, so the parts are handed the page SDK's (`part.ts`). Invariant:
 * only text that came from the configured server or from the page's own call goes through.
 */

interface Policy {
  createHTML(text: string): string;
  createScriptURL(text: string): string;
}

let policy: Policy | undefined;

function get(): Policy {
  if (policy) return policy;
  const plain: Policy = { createHTML: (text) => text, createScriptURL: (text) => text };
  const factory = (window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
  try {
    policy = factory?.createPolicy('campanile', plain) ?? plain;
  } catch {
    policy = plain; // the CSP names other policies only; the sink then throws and the caller says so
  }
  return policy;
}

export function trustedHtml(text: string): string {
  return get().createHTML(text);
}

export function trustedScriptUrl(url: string): string {
  return get().createScriptURL(url);
}
