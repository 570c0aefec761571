/**
 * VAPID public keys as text: base64url, as the wire and the settings have them.
 *
 * Left out: whether it is a key. Invariant: page and worker write the same key as the same text.
 */

/** Bytes of a base64url text. Throws `InvalidAccessError`, as the browser would, when it is none. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  } catch {
    throw new DOMException('not base64url', 'InvalidAccessError');
  }
}

export function toBase64Url(bytes: ArrayBuffer | null): string {
  const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
