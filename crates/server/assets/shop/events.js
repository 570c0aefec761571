// The shop's side of the messaging API: every call that this shop makes stands here.
// Each is guarded, so the shop works the same on a page without the script.

const api = () => window.clevertap;

const event = (name, properties) => api()?.event?.push(name, properties);

const profile = (properties) => api()?.profile?.push({ Site: properties });

export const productViewed = (product, glaze) => {
  profile({ "Last Viewed": product.name, "Last Art": `${product.slug}-${glaze}` });
  event("Product Viewed", {
    name: product.name, slug: product.slug, glaze, price: product.price, currency: "EUR", shelf: product.shelf,
  });
};

/** `total`: all items of the cart; `to_go`: what is missing for free shipping. */
export const addedToCart = (product, glaze, quantity, { items, missing }) =>
  event("Added To Cart", { name: product.name, glaze, price: product.price, quantity, total: items, to_go: missing });

/** What the profile knows of the cart, so that messages can ask for it and speak of it. Said before the event that follows from it. */
export const cartIs = (lines, { discount, shipping, total }, voucher) =>
  profile({
    Cart: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    CartLines: [
      ...lines.map(({ product, quantity }) => ({ name: `${quantity} ${product.name}`, amount: (product.price * quantity).toFixed(2) })),
      ...(discount ? [{ name: `Voucher ${voucher.code}`, amount: `−${discount.toFixed(2)}` }] : []),
    ],
    CartShipping: shipping ? shipping.toFixed(2) : "free",
    CartTotal: total.toFixed(2),
  });

export const charged = (order) =>
  event("Charged", {
    Amount: order.total,
    Currency: "EUR",
    "Charged ID": order.id,
    Items: order.items.map(({ product, glaze, quantity }) => ({
      name: product.name, glaze, price: product.price, quantity,
    })),
  });

export const signedIn = ({ name, email }) =>
  api()?.onUserLogin?.push({ Site: { Name: name, Identity: email, Email: email } });

export const signedOut = () => api()?.logout?.();

/** This browser is somebody else from now on, as if it came for the first time. */
export const forgotten = () => api()?.clear?.();

/**
 * Asks whether we may send notifications. Returns a sentence where the visitor would otherwise see nothing.
 * The visitor pressed a button of ours, so a "Not now" of last week does not silence it.
 */
export const askForNotifications = () => {
  const notifications = api()?.notifications;
  if (!notifications?.push) return "This page has no messaging script, so it cannot send notifications.";
  notifications.push({
    titleText: "Shall we tell you when the kiln opens?",
    bodyText: "One notification on a Friday, when new pots are out. Nothing in between, and you can stop it at any time.",
    okButtonText: "Yes, tell me",
    rejectButtonText: "Not now",
    okButtonColor: "#2440c7",
    askAgainTimeInSeconds: 5,
  });
  if (!("Notification" in window)) return "This browser has no notifications.";
  if (Notification.permission === "granted") return "Notifications are on. We write when the kiln opens.";
  if (Notification.permission === "denied")
    return "This browser blocks our notifications. Allow them in the site settings beside the address, then press again.";
  return "";
};
