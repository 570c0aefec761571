// The cart and the visitor's name, kept in this browser only. Without storage they last for the page.

import { bySlug, freeShippingFrom, shippingCost } from "./products.js";

const memory = new Map();

const read = (key, fallback) => {
  try {
    return JSON.parse(localStorage.getItem(`tindermere-${key}`)) ?? memory.get(key) ?? fallback;
  } catch {
    return memory.get(key) ?? fallback;
  }
};

const keep = (key, value) => {
  memory.set(key, value);
  try {
    localStorage.setItem(`tindermere-${key}`, JSON.stringify(value));
  } catch {
    // Private windows may refuse; the copy in memory serves this page.
  }
};

const write = (key, value) => {
  keep(key, value);
  document.dispatchEvent(new Event("tindermere:changed"));
};

/** The lines of the cart: [{product, glaze, quantity}]. Lines of products that are no longer sold are left out. */
export const lines = () =>
  read("cart", [])
    .map(({ slug, glaze, quantity }) => ({ product: bySlug(slug), glaze, quantity }))
    .filter(({ product, quantity }) => product && quantity > 0);

const save = (all) =>
  write("cart", all.filter((line) => line.quantity > 0)
    .map(({ product, glaze, quantity }) => ({ slug: product.slug, glaze, quantity: Math.min(quantity, 99) })));

export const add = (product, glaze, quantity) => {
  const all = lines();
  const same = all.find((line) => line.product === product && line.glaze === glaze);
  if (same) same.quantity += quantity;
  else all.push({ product, glaze, quantity });
  save(all);
};

/** Sets the quantity of one line; 0 takes it out. */
export const setQuantity = (product, glaze, quantity) =>
  save(lines().map((line) => (line.product === product && line.glaze === glaze ? { ...line, quantity } : line)));

export const voucher = () => read("voucher", null);

/** Keeps the voucher {code, percent}; a second one takes the place of the first. */
export const setVoucher = (value) => write("voucher", value);

/** Whether this order is wrapped as a present. */
export const wrapped = () => read("wrapped", false);
export const setWrapped = (value) => write("wrapped", value);

/** What the profile was last told of the cart, so that it is told once. */
export const told = () => read("told", null);
export const setTold = (value) => keep("told", value);

export const visitor = () => read("visitor", null);
export const setVisitor = (value) => write("visitor", value);

export const count = () => lines().reduce((sum, { quantity }) => sum + quantity, 0);

/** All sums in euros; the discount is rounded to cents. */
export const sums = () => {
  const items = lines().reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
  const kept = voucher();
  const discount = kept ? Math.round(items * kept.percent) / 100 : 0;
  const missing = Math.max(0, freeShippingFrom - items);
  const shipping = items === 0 || missing === 0 ? 0 : shippingCost;
  return { items, discount, shipping, missing, past: items - freeShippingFrom, total: Math.round((items - discount + shipping) * 100) / 100 };
};

export const empty = () => {
  write("voucher", null);
  write("wrapped", false);
  write("cart", []);
};

/** Nothing is left of whoever shopped here. */
export const forget = () => {
  for (const key of ["told", "visitor", "voucher", "wrapped"]) keep(key, null);
  write("cart", []);
};
