// The JSON API, as somebody with a key uses it.

/** Said when the API answers with an error; carries the status and the body. */
class ApiError extends Error {
  constructor(method, path, status, body) {
    super(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

/** @param {{base: string, api_key: string}} server */
export function apiOf({ base, api_key }) {
  async function call(method, path, body) {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${api_key}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    const parsed = text === '' ? null : JSON.parse(text);
    if (!answer.ok) throw new ApiError(method, path, answer.status, parsed);
    return parsed;
  }
  const api = {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),

    /** Makes a box pop-up and starts it. `more.popup` overrides single fields. */
    async popup(name, trigger, { popup, ...more } = {}) {
      const made = await api.post('/campaigns', {
        name,
        kind: 'popup',
        popup: {
          template: 'box',
          title: name,
          text: 'Eleven jugs came out of this firing.',
          image: null,
          button: 'See the jug',
          on_click: { do: 'close' },
          kv: {},
          corner: 'bottom-right',
          theme: 'auto',
          accent: '#2440c7',
          ground: '#ffffff',
          ink: '#14181f',
          radius: 16,
          language: 'en',
          ...popup,
        },
        trigger,
        caps: { session: null },
        ...more,
      });
      await api.post(`/campaigns/${made.id}/start`);
      return made.id;
    },
    /** Makes a push campaign and sends it. */
    async push(name, push) {
      const made = await api.post('/campaigns', {
        name,
        kind: 'push',
        push: {
          title: name,
          body: 'Twelve new pots, three of them blue.',
          icon: null,
          image: null,
          badge: null,
          actions: [],
          tag: null,
          require_interaction: false,
          silent: false,
          language: 'en',
          ttl_seconds: 86_400,
          urgency: 'normal',
          kv: {},
          ...push,
        },
      });
      await api.post(`/campaigns/${made.id}/start`);
      return made.id;
    },
    /** What would come in this browser, and why not; asked about an address, an event with its properties. */
    why: (device, about) => api.get(`/devices/${device}/why?${new URLSearchParams(about)}`),
    counts: async (id) => (await api.get(`/campaigns/${id}`)).counts,
    /** The one profile with this identity, or undefined. */
    profile: async (identity) => (await api.get(`/profiles?identity=${encodeURIComponent(identity)}`)).profiles[0],
    /** All events of a profile, oldest first. */
    async events(profile) {
      const { events } = await api.get(`/profiles/${profile}/events?limit=500`);
      return events.reverse();
    },
  };
  return api;
}
