/**
 * As much of a browser's document as the pop-ups touch: a tree, events with capture, frames, and observers that a test drives.
 *
 * What a real browser does with sizes, focus and styles is tested in real browsers (`e2e`). Frames get their document from the test:
 * `documents` maps a `srcdoc` to what builds it.
 */
import vm from 'node:vm';

type Run = (event: any) => void;

export class Target {
  private listeners: { type: string; run: Run; capture: boolean }[] = [];
  addEventListener(type: string, run: Run, options: boolean | { capture?: boolean; once?: boolean } = false): void {
    const capture = typeof options === 'object' ? (options.capture ?? false) : options;
    this.listeners.push({ type, run, capture });
  }
  removeEventListener(type: string, run: Run): void {
    this.listeners = this.listeners.filter((one) => one.type !== type || one.run !== run);
  }
  hear(event: { type: string; stopped?: boolean }, capture: boolean): void {
    for (const one of [...this.listeners]) if (one.type === event.type && one.capture === capture && !event.stopped) one.run(event);
  }
  get listening(): string[] {
    return this.listeners.map(({ type }) => type);
  }
  fire(type: string, more: object = {}): boolean {
    const path: Target[] = [this];
    for (let at: any = this; (at = at.parentNode ?? at.view); ) path.push(at);
    const event = {
      type,
      target: this,
      defaultPrevented: false,
      stopped: false,
      preventDefault: () => void (event.defaultPrevented = true),
      stopPropagation: () => {},
      stopImmediatePropagation: () => void (event.stopped = true),
      composedPath: () => path,
      ...more,
    };
    for (const at of [...path].reverse()) at.hear(event, true);
    for (const at of path) at.hear(event, false);
    return event.defaultPrevented;
  }
}

export class FakeElement extends Target {
  parentNode: FakeElement | FakeDocument | null = null;
  children: FakeElement[] = [];
  attributes = new Map<string, string>();
  style: Record<string, string> = {};
  id = '';
  textContent = '';
  value = '';
  type = '';
  checked = false;
  required = false;
  hidden = false;
  tabIndex = -1;
  validity = { valid: true };
  height = 100;
  scrollTop = 0;
  scrollHeight = 0;
  clientHeight = 0;
  srcdoc = '';
  title = '';
  contentDocument: FakeDocument | null = null;
  constructor(
    readonly ownerDocument: FakeDocument,
    readonly tag: string,
    attributes: Record<string, string> = {},
    ...children: FakeElement[]
  ) {
    super();
    for (const [name, value] of Object.entries(attributes)) this.setAttribute(name, value);
    this.append(...children);
  }
  get dataset(): Record<string, string> {
    const attribute = (key: string) => 'data-' + key.replace(/[A-Z]/g, (big) => '-' + big.toLowerCase());
    return new Proxy({} as Record<string, string>, {
      get: (_, key: string) => this.attributes.get(attribute(key)),
      set: (_, key: string, value: string) => (this.setAttribute(attribute(key), value), true),
    });
  }
  get contentWindow(): unknown {
    return this.contentDocument?.defaultView;
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
    if (name === 'id' || name === 'type') this[name] = value;
    if (name === 'required') this.required = true;
  }
  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? (name === 'id' ? this.id || null : null);
  }
  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }
  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }
  append(...children: FakeElement[]): void {
    this.insert(this.children.length, children);
  }
  prepend(...children: FakeElement[]): void {
    this.insert(0, children);
  }
  private insert(at: number, children: FakeElement[]): void {
    for (const child of children) child.parentNode = this;
    this.children.splice(at, 0, ...children);
    this.ownerDocument.mutated();
  }
  remove(): void {
    if (!(this.parentNode instanceof FakeElement)) return;
    this.parentNode.children = this.parentNode.children.filter((child) => child !== this);
    this.parentNode = null;
    this.ownerDocument.mutated();
  }
  get isConnected(): boolean {
    for (let at: any = this; at; at = at.parentNode) if (at instanceof FakeDocument) return true;
    return false;
  }
  get parentElement(): FakeElement | null {
    return this.parentNode instanceof FakeElement ? this.parentNode : null;
  }
  contains(other: FakeElement): boolean {
    return this === other || this.children.some((child) => child.contains(other));
  }
  /** Lists of: a tag, an id, a class, attributes with or without a value. */
  matches(selector: string): boolean {
    return selector.split(',').some((one) => {
      const parts = one.trim().match(/\[[^\]]*\]|[#.:]?[\w-]+/g);
      if (!parts) throw new SyntaxError(selector);
      return parts.every((part) => {
        if (part[0] === '#') return this.id === part.slice(1);
        if (part[0] === '.') return (this.getAttribute('class') ?? '').split(' ').includes(part.slice(1));
        if (part[0] === ':') return false;
        const [, name, value] = /^\[([\w-]+)(?:\^?=["']?([^"'\]]*)["']?)?\]$/.exec(part) ?? [];
        if (name) return value === undefined ? this.hasAttribute(name) : this.getAttribute(name) === value;
        return this.tag === part;
      });
    });
  }
  closest(selector: string): FakeElement | null {
    for (let at: FakeElement | null = this; at; at = at.parentElement) if (at.matches(selector)) return at;
    return null;
  }
  querySelectorAll(selector: string): FakeElement[] {
    return this.children.flatMap((child) => [...(child.matches(selector) ? [child] : []), ...child.querySelectorAll(selector)]);
  }
  querySelector(selector: string): FakeElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  select(): void {
    this.focus();
  }
  focus(): void {
    this.ownerDocument.activeElement = this;
  }
  click(): boolean {
    return this.fire('click');
  }
  getBoundingClientRect(): object {
    return { height: this.height };
  }
  getClientRects(): unknown[] {
    return [1];
  }
  animate(): void {}
}

export class FakeDocument extends Target {
  getSelection(): null {
    return null;
  }
  execCommand(): boolean {
    return false;
  }
  static documents: Record<string, (document: FakeDocument) => FakeElement[]> = {};
  URL = 'about:srcdoc';
  readyState = 'complete';
  visibilityState = 'visible';
  documentElement: FakeElement;
  body: FakeElement;
  activeElement: FakeElement | null = null;
  parentNode = null;
  defaultView: any;
  view: any;
  observers = new Set<() => void>();
  constructor(view?: object) {
    super();
    this.defaultView = this.view = Object.assign(new Target(), view);
    this.body = new FakeElement(this, 'body');
    this.documentElement = new FakeElement(this, 'html', {}, this.body);
    this.documentElement.parentNode = this;
  }
  get scrollingElement(): FakeElement {
    return this.documentElement;
  }
  mutated(): void {
    for (const run of [...(this.observers ?? [])]) queueMicrotask(() => this.observers.has(run) && run());
  }
  createElement(tag: string): FakeElement {
    const element = new FakeElement(this, tag);
    if (tag !== 'iframe') return element;
    // A realm of its own, as each frame has one.
    const realm = vm.createContext({});
    const view = {
      Function: vm.runInContext('Function', realm) as unknown,
      realm,
      ResizeObserver: class {
        observe(): void {}
      },
      MutationObserver: class {
        observe(): void {}
      },
      requestAnimationFrame: () => 1,
      getComputedStyle: () => ({ background: 'white', colorScheme: 'light' }),
      navigator: {},
    };
    element.contentDocument = new FakeDocument(view);
    Object.defineProperty(element, 'srcdoc', {
      set: (html: string) => {
        const inner = element.contentDocument;
        inner?.body.append(...(FakeDocument.documents[html]?.(inner) ?? []));
      },
    });
    return element;
  }
  getElementById(id: string): FakeElement | null {
    return this.querySelector(`#${id}`);
  }
  querySelector(selector: string): FakeElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  querySelectorAll(selector: string): FakeElement[] {
    return this.documentElement.querySelectorAll(selector);
  }
  elementFromPoint(): FakeElement {
    return this.body;
  }
}

/** Puts a page into this process; `see` lets an element come into view. */
export function openPage(): { document: FakeDocument; window: Target; see(element: FakeElement, ratio?: number): void } {
  const window = new Target();
  const document = new FakeDocument();
  document.view = window;
  const views: { run: (entries: object[]) => void; elements: Set<FakeElement> }[] = [];
  const global: Record<string, unknown> = {
    document,
    window: Object.assign(window, { document }),
    Element: FakeElement,
    innerWidth: 1000,
    innerHeight: 700,
    matchMedia: () => ({ matches: false, addEventListener() {}, removeEventListener() {} }),
    getComputedStyle: () => ({ padding: '0px', overflowY: 'visible' }),
    requestAnimationFrame: (run: () => void) => setTimeout(run, 16),
    cancelAnimationFrame: (timer: NodeJS.Timeout) => clearTimeout(timer),
    location: new URL('https://shop.example.com/'),
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    MutationObserver: class {
      constructor(private run: () => void) {}
      observe(): void {
        document.observers.add(this.run);
      }
      disconnect(): void {
        document.observers.delete(this.run);
      }
    },
    IntersectionObserver: class {
      private view: (typeof views)[number];
      constructor(run: (entries: object[]) => void) {
        this.view = { run, elements: new Set() };
        views.push(this.view);
      }
      observe(element: FakeElement): void {
        this.view.elements.add(element);
      }
      disconnect(): void {
        this.view.elements.clear();
      }
    },
  };
  for (const [name, value] of Object.entries(global)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const see = (element: FakeElement, ratio = 1) => {
    for (const { run, elements } of views) {
      if (elements.has(element)) run([{ isIntersecting: ratio > 0, intersectionRatio: ratio, intersectionRect: { height: 0 } }]);
    }
  };
  return { document, window, see };
}
