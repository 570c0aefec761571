/**
 * Types of the page SDK: the default export of the package and the global `clevertap`.
 * The calls are those of the documented clevertap.* API; what Campanile adds is marked "Campanile".
 */

export type Value = string | number | boolean | Date | null | undefined | Value[] | { [name: string]: Value };
export type Properties = { [name: string]: Value };

export interface Site extends Properties {
  Identity?: string | number;
  Email?: string;
  /** With country code: "+15551234567". */
  Phone?: string;
  Name?: string;
}

export interface Init {
  id: string;
}

export interface NotificationOptions {
  titleText?: string;
  bodyText?: string;
  okButtonText?: string;
  rejectButtonText?: string;
  /** `#rrggbb`; the colour of the text on it follows. */
  okButtonColor?: string;
  okButtonAriaLabel?: string;
  rejectButtonAriaLabel?: string;
  /** Straight to the browser's own prompt. Firefox and Safari need a click for it. */
  skipDialog?: boolean;
  /** After a "no"; one week by default. */
  askAgainTimeInSeconds?: number;
  /** Default `/clevertap_sw.js`. */
  serviceWorkerPath?: string;
  /** Default: the folder of the worker. A wider one needs the header `Service-Worker-Allowed` on the worker's file. */
  serviceWorkerScope?: string;
  /** Campanile: paths of an old provider's workers. Once ours is subscribed, those at other scopes end their subscriptions and go. */
  formerWorkers?: string[];
  okCallback?: () => void;
  rejectCallback?: () => void;
  /** Each time that the server is told of the subscription: also when the permission was there before. */
  subscriptionCallback?: () => void;
  /** Taken and not needed: Safari 16 and later, and iOS from the home screen, subscribe as other browsers do. */
  apnsWebPushId?: string;
  apnsWebPushServiceUrl?: string;
  /** Campanile: how the question looks. `top` without it; with `topics` a choice of them; a bell stands there and waits. */
  style?: 'top' | 'center' | 'card' | 'bell';
  /** Campanile: where a card or a bell stands. Left and right change sides where the page is written from right to left. */
  position?: 'top-left' | 'top' | 'top-right' | 'center' | 'bottom-left' | 'bottom' | 'bottom-right';
  /** Campanile: as the visitor prefers without it. */
  theme?: 'light' | 'dark';
  /** Campanile: a square picture for the card and the samples. */
  iconUrl?: string;
  /** Campanile: of the centred dialog, up to two messages as they will come. */
  samples?: { title: string; text?: string; time?: string }[];
  /** Campanile: what can be chosen. */
  topics?: PushTopic[];
  /** Campanile: colours, borders and corners of the card, in the shape of the reference SDK's settings. */
  boxStyle?: BoxStyle;
  /** Campanile: the words that the SDK brings, in the page's language. */
  words?: Partial<PromptWords>;
}

/** Campanile: something to be told about. */
export interface PushTopic {
  /** What your rules and programs call it. */
  id: string;
  title: string;
  text?: string;
  /** How often, in words. */
  often?: string;
  /** Ticked beforehand: only what the visitor has asked for already. */
  checked?: boolean;
}

export interface BoxColors {
  buttonColor?: string;
  textColor?: string;
  borderRadius?: number | string;
  borderEnabled?: boolean;
  border?: { borderWidth?: number | string; borderColor?: string };
}

export interface BoxStyle {
  overlay?: { enabled?: boolean; color?: string };
  card?: { color?: string; borderRadius?: number | string; borderEnabled?: boolean; border?: { borderWidth?: number | string; borderColor?: string }; position?: string };
  text?: { titleColor?: string; descriptionColor?: string };
  buttons?: { primaryButton?: BoxColors; secondaryButton?: BoxColors };
}

/** Campanile: texts of bell, preference centre and help. */
export interface PromptWords {
  /** Title where notifications are on, and the line below. */
  on: string;
  onText: string;
  /** The same where they are off. */
  off: string;
  offText: string;
  turnOn: string;
  turnOff: string;
  notNow: string;
  close: string;
  saved: string;
  /** Why nothing can be accepted: no topic is ticked. */
  noTopic: string;
  blocked: string;
  blockedText: string;
  showHow: string;
  help: string;
  /** `*between stars*` is bold. Without it by the visitor's browser. */
  steps: string[];
  /** `{browser}` is its name. */
  shownFor: string;
  leaveOff: string;
  notifications: string;
}

/** What `notificationCallback` is handed. */
export interface PopupMessage {
  msgContent: {
    html: string;
    type: number;
    templateType: string;
    title?: string;
    description?: string;
    kv?: Record<string, string>;
  };
  /** Campaign and date: `1630318544_20211004`. */
  msgId: string;
  kv?: Record<string, string>;
}

/** What `popupCallback` is handed. */
export interface PopupData extends PopupMessage {
  msgCTkv: Record<string, unknown>[];
}

export interface CleverTap {
  /** Starts the SDK. `targetDomain` is the host of your Campanile if the script comes from elsewhere. */
  init(accountId: string, region?: string, targetDomain?: string, token?: string, config?: object): void;
  readonly account: { push(account: Init, region?: string, targetDomain?: string, token?: string): number };
  /** `event.push(name, props?, name2, props2?…)` */
  readonly event: { push(name: string, ...more: (Properties | string)[]): number };
  readonly profile: { push(...profiles: { Site: Site }[]): number };
  readonly onUserLogin: { push(...profiles: { Site: Site }[]): number };
  readonly privacy: { push(...choices: { optOut?: boolean; useIP?: boolean }[]): number };
  readonly notifications: {
    push(...options: NotificationOptions[]): number;
    push(
      titleText: string,
      bodyText: string,
      okButtonText: string,
      rejectButtonText: string,
      okButtonColor?: string,
      skipDialog?: boolean,
      askAgainTimeInSeconds?: number,
    ): number;
  };
  /** Campanile: opens the place where a visitor changes what they are told about, or turns it off. Without options those of the last question. */
  pushPreferences(options?: NotificationOptions): void;
  /** Campanile: ends this browser's subscription, and keeps it ended until the visitor says yes again; calls `done` afterwards. */
  pushUnsubscribe(done?: () => void): void;
  /** Draw pop-ups yourself. May be set on the stub, before the SDK is there. */
  notificationCallback?: ((message: PopupMessage) => void) | null;
  /** Counts the message that the callback got last; Campanile: or the one given. */
  raiseNotificationViewed(message?: { msgId: string }): void;
  /** The same for a click, and does what the campaign says a click does. */
  raiseNotificationClicked(message?: { msgId: string }): void;
  /** Set by the page, it gets every pop-up; set by a pop-up's own script, that one. Once each. */
  popupCallback: ((data: PopupData) => void) | null | undefined;
  raisePopupNotificationClicked(data: { msgId: string }): void;
  renderNotificationViewed(message: { msgId: string }): void;
  renderNotificationClicked(message: { msgId: string }): void;
  /** Device id, there at once. */
  getCleverTapID(): string;
  getAccountID(): string | undefined;
  getSDKVersion(): string;
  /** The device goes on as somebody nobody knows yet. */
  logout(): void;
  /** As `logout`, and with a new device id. */
  clear(): void;
  /** A page view by hand, for pages that change without loading. */
  pageChanged(): void;
  /** Set to true: page views follow the history by themselves. */
  spa: boolean;
  /** 0 nothing, 1 errors and warnings, 2 information (default), 3 and 4 everything. */
  setLogLevel(level: 0 | 1 | 2 | 3 | 4): void;
  /**
   * Campanile: opens the overlay that says why messages are shown here or not; open, it is closed. The same as Alt+Shift+W. It is told
   * something on a page opened by a link of the dashboard, and with `sessionStorage['WZRK_D']` where the server allows it.
   */
  why(): void;
  /** True: keep, do not send. */
  setOffline(offline: boolean): void;
  readonly session: { getTimeElapsed(): number; getPageCount(): number };
  readonly user: { getTotalVisits(): number };
}

declare global {
  interface Window {
    clevertap: CleverTap;
    /** Campanile: the same object. */
    campanile: CleverTap;
    /** The same object, under its oldest name. */
    wizrocket: CleverTap;
  }
  interface DocumentEventMap {
    /** A pop-up's document stands in its frame. */
    CT_campaign_rendered: CustomEvent<{ msgId: string; campaignId: number }>;
  }
  var clevertap: CleverTap;
}

declare const campanile: CleverTap;
export default campanile;
