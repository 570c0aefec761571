// Tindermere: bar and dialogs on every page, then the page at hand. The pages' <main> says which by its id.

import * as cart from "./cart.js";
import * as events from "./events.js";
import { bySlug, freeShippingFrom, products, shelves, vouchers } from "./products.js";
import { card, euros, h, icon, keepingStep, picture, say, stepper } from "./dom.js";

const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];

// A pop-up may call this with its key-values: {"voucher": "BLUE", "percent": "10"}.
window.addVoucher = function (kv) {
  const code = String(kv?.voucher ?? kv?.code ?? "WELCOME").slice(0, 24).toUpperCase();
  const asked = Number.parseFloat(kv?.percent ?? kv?.discount ?? "10");
  const percent = Number.isFinite(asked) ? Math.min(Math.max(asked, 1), 100) : 10;
  cart.setVoucher({ code, percent });
  say(h("b", {}, `Voucher ${code} is in your cart. `), `${percent} % off this order. `,
    document.getElementById("cart") ? null : h("a", { href: "/shop/cart/" }, "See the cart"));
};

// The same for a piece that somebody thinks about: {"piece": "ebb-jug-cobalt"}.
window.putInCart = function (kv) {
  const asked = String(kv?.piece ?? "");
  const item = products.find(({ slug }) => asked.startsWith(`${slug}-`)) ?? products[0];
  const glaze = item.glazes.find(({ id }) => asked === `${item.slug}-${id}`) ?? item.glazes[0];
  add(item, glaze.id, 1);
};

window.addGiftWrap = function () {
  cart.setWrapped(true);
  say(h("b", {}, "Gift wrap is in your cart. "), "Straw, paper, string and a card, at no charge.");
};

function add(item, glaze, quantity) {
  cart.add(item, glaze, quantity);
  events.addedToCart(item, glaze, quantity, cart.sums());
  say(h("b", {}, `${quantity > 1 ? `${quantity} × ` : ""}${item.name}`), " is in your cart. ",
    h("a", { href: "/shop/cart/" }, "See the cart"));
}

/** The profile knows the cart: told when it is another one than last time, and again when somebody else sits here. */
function tellCart() {
  const lines = cart.lines();
  if (lines.length === 0 && !cart.told()) return;
  const state = JSON.stringify([cart.visitor()?.email, lines.map(({ product: item, glaze, quantity }) => [item.slug, glaze, quantity]), cart.voucher()]);
  if (state === cart.told()) return;
  cart.setTold(state);
  events.cartIs(lines, cart.sums(), cart.voucher());
}

function bar() {
  const pieces = cart.count();
  for (const badge of $$(".count")) {
    badge.textContent = pieces;
    badge.hidden = pieces === 0;
  }
  $("#cart-link").setAttribute("aria-label", pieces === 0 ? "Cart, empty" : `Cart, ${pieces} ${pieces === 1 ? "piece" : "pieces"}`);
  const visitor = cart.visitor();
  for (const button of $$(".account")) button.lastElementChild.textContent = visitor ? visitor.name : "Sign in";
}

function dialogs() {
  const account = $("#account");
  const search = $("#search");
  for (const dialog of [account, search]) {
    dialog.addEventListener("click", (click) => {
      if (click.target === dialog || click.target.closest(".shut")) dialog.close();
    });
  }
  for (const button of $$(".account")) button.addEventListener("click", () => {
    const visitor = cart.visitor();
    $("#account-in").hidden = Boolean(visitor);
    $("#account-out").hidden = !visitor;
    if (visitor) $("#account-who").textContent = `You are signed in as ${visitor.name}, ${visitor.email}.`;
    $("#account-title").textContent = visitor ? `Hello, ${visitor.name}` : "Sign in";
    account.showModal();
  });
  $("#account-in").addEventListener("submit", (submit) => {
    submit.preventDefault();
    const form = new FormData(submit.target);
    const visitor = { name: form.get("name").trim(), email: form.get("email").trim().toLowerCase() };
    events.signedIn(visitor);
    cart.setVisitor(visitor);
    account.close();
    say(h("b", {}, `Hello, ${visitor.name}. `), "You are signed in.");
  });
  $("#account-leave").addEventListener("click", () => {
    events.signedOut();
    cart.setVisitor(null);
    account.close();
    say("You are signed out. Your cart stays as it is.");
  });
  const found = () => {
    const asked = $("#search-field").value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = products.filter(({ name, line }) => {
      const words = `${name} ${line}`.toLowerCase().split(/[^\p{L}\p{N}.]+/u);
      return asked.every((part) => words.some((word) => word.startsWith(part)));
    });
    $("#search-found").replaceChildren(...hits.map((product) =>
      h("li", {}, h("a", { href: `/shop/product/${product.slug}/` }, picture(product), product.name, h("b", {}, `€${product.price}`)))));
    $("#search-none").hidden = hits.length > 0;
  };
  for (const button of $$(".search")) button.addEventListener("click", () => {
    found();
    search.showModal();
  });
  $("#search-field").addEventListener("input", found);
  $("#search form").addEventListener("submit", (submit) => {
    submit.preventDefault();
    $("#search-found a")?.click();
  });
  const menu = $(".menu");
  menu.addEventListener("keydown", (key) => {
    if (key.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("click", (click) => {
    if (click.target.closest("a, button")) menu.open = false;
  });
}

function tellMe() {
  for (const button of $$(".tell-me")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.addEventListener("click", () => {
      const sentence = events.askForNotifications();
      if (sentence) say(sentence);
    });
  }
}

/** Marks a shelf in both menus. */
function current(shelf) {
  for (const link of $$(`a[href="/shop/?shelf=${shelf}#pieces"]`)) link.setAttribute("aria-current", "true");
}

function home() {
  const shelf = new URLSearchParams(location.search).get("shelf");
  const known = Object.hasOwn(shelves, shelf ?? "");
  if (known) {
    current(shelf);
    $("#pieces-title").textContent = shelves[shelf];
    document.title = `${shelves[shelf]}: Tindermere`;
  }
  const shown = known ? products.filter((product) => product.shelf === shelf) : products;
  $("#grid").replaceChildren(...shown.map(card));
  $("#none").hidden = shown.length > 0;
  if (known) $("#pieces").scrollIntoView();
  tryAgain();
}

/** Everything that was tried here can be tried again. */
function tryAgain() {
  const anew = (address) => {
    cart.forget();
    events.forgotten();
    location.assign(address);
  };
  $("#try-anew").addEventListener("click", () => anew("/shop/"));
  $("#try-letter").addEventListener("click", () => anew("/shop/?utm_source=letter"));
}

function nextMonday() {
  const day = new Date();
  day.setDate(day.getDate() + (((8 - day.getDay()) % 7) || 7));
  return day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" }).replace(",", "");
}

function product() {
  const item = bySlug(location.pathname.split("/").filter(Boolean).at(-1));
  if (!item) {
    $("#product").replaceChildren(h("div", { class: "sorry" }, h("h1", {}, "That piece is not on a shelf"),
      h("p", {}, "It may have had another name. Everything that is here now stands on the first page."),
      h("a", { class: "go", href: "/shop/" }, "See all pieces")));
    $("#goes-title").textContent = "Out of the kiln this week";
    $("#goes").replaceChildren(...products.slice(0, 4).map(card));
    return;
  }
  const state = { glaze: item.glazes[0].id, wall: item.glazes[0].wall, quantity: 1 };
  document.title = `${item.name}: Tindermere`;
  $("#product-name").textContent = item.name;
  $("#product-price").textContent = `€${item.price}`;
  $("#product-text").textContent = item.text;
  current(item.shelf);
  const draw = () => {
    const { glaze, wall } = state;
    $("#product-picture").replaceChildren(picture(item, glaze, wall, `${item.name} in ${glaze}`));
    $("#product-glaze").textContent = `Glaze: ${glaze}`;
    $("#thumbs").replaceChildren(...item.walls.map((name) =>
      h("button", { type: "button", class: "thumb", "aria-label": `Before a ${name} wall`, "aria-pressed": String(name === wall),
        onclick: () => { state.wall = name; draw(); $(`#thumbs [aria-label="Before a ${name} wall"]`).focus(); } },
      picture(item, glaze, name))));
    $("#step").replaceChildren(stepper(item.name, state.quantity, 1, (quantity) => {
      state.quantity = quantity;
      keepingStep(draw, () => $("#step"));
    }));
  };
  $("#glazes").append(...item.glazes.map(({ id, wall }, index) =>
    h("label", { class: "swatch" },
      h("input", { type: "radio", name: "glaze", value: id, checked: index === 0, "aria-label": id,
        onchange: () => { Object.assign(state, { glaze: id, wall }); draw(); } }),
      h("span", { class: `dot dot-${id}` }))));
  $("#facts").append(...[...item.facts, ["Leaves the workshop", nextMonday()]].map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  $("#goes").replaceChildren(...item.goes.map((slug) => card(bySlug(slug))));
  $("#goes-title").textContent = `Goes with the ${item.noun}`;
  $("#buy").addEventListener("submit", (submit) => {
    submit.preventDefault();
    add(item, state.glaze, state.quantity);
  });
  draw();
  events.productViewed(item, state.glaze);
}

function cartLine({ product: item, glaze, quantity }) {
  return h("li", { class: "line", id: `line-${item.slug}-${glaze}` },
    h("a", { href: `/shop/product/${item.slug}/`, tabindex: "-1", "aria-hidden": "true" }, picture(item, glaze)),
    h("div", { class: "line-name" }, h("a", { href: `/shop/product/${item.slug}/` }, item.name),
      h("span", {}, glaze === item.glazes[0].id ? item.line : `In ${glaze}`)),
    stepper(item.name, quantity, 0, (next) => {
      keepingStep(() => cart.setQuantity(item, glaze, next), () => document.getElementById(`line-${item.slug}-${glaze}`));
      if (next === 0) $("#cart-title").focus();
    }),
    h("b", { class: "line-price" }, euros(item.price * quantity)));
}

function drawCart() {
  const all = cart.lines();
  const { items, discount, shipping, missing, past, total } = cart.sums();
  const kept = cart.voucher();
  $("#cart-full").hidden = all.length === 0;
  $("#cart-empty").hidden = all.length > 0;
  $("#lines").replaceChildren(...all.map(cartLine));
  if (kept) {
    $("#lines").append(h("li", { class: "line voucher" },
      h("span", { class: "ticket" }, icon("ticket")),
      h("div", { class: "line-name" }, h("b", {}, `Voucher ${kept.code}`), h("span", {}, `${kept.percent} % off this order`)),
      h("button", { type: "button", class: "quiet", onclick: () => cart.setVoucher(null) }, "Take it out"),
      h("b", { class: "line-price" }, euros(-discount))));
  }
  if (all.length > 0 && cart.wrapped()) {
    $("#lines").append(h("li", { class: "line voucher" },
      h("span", { class: "ticket" }, icon("gift")),
      h("div", { class: "line-name" }, h("b", {}, "Gift wrap"), h("span", {}, "Straw, paper, string and a card")),
      h("button", { type: "button", class: "quiet", onclick: () => cart.setWrapped(false) }, "Take it out"),
      h("b", { class: "line-price" }, euros(0))));
  }
  const rail = $("#rail");
  rail.replaceChildren(...(missing > 0
    ? [h("b", {}, `€${missing} to go. `), `Free shipping from €${freeShippingFrom}.`]
    : [h("b", {}, "Free shipping. "), past > 0 ? `You are €${past} past the mark.` : "You are right on the mark."]));
  $("#rail-share").style.inlineSize = `${Math.min(100, (items / freeShippingFrom) * 100)}%`;
  const row = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, euros(value)));
  $("#sums").replaceChildren(row("Items", items), ...(discount ? [row(`Voucher ${kept.code}`, -discount)] : []),
    row("Shipping", shipping), row("Total", total));
  const first = all[0]?.product ?? products[0];
  const inCart = new Set(all.map(({ product: item }) => item.slug));
  $("#goes-title").textContent = all.length > 0 ? `Goes with the ${first.noun}` : "Out of the kiln this week";
  $("#goes").replaceChildren(...first.goes.filter((slug) => !inCart.has(slug)).map((slug) => card(bySlug(slug))));
}

function cartPage() {
  drawCart();
  document.addEventListener("tindermere:changed", drawCart);
  $("#code-form").addEventListener("submit", (submit) => {
    submit.preventDefault();
    const field = $("#code");
    const code = field.value.trim().toUpperCase();
    const known = Object.hasOwn(vouchers, code);
    $("#code-wrong").textContent = known ? "" : "We know no voucher of that name. Look at the spelling; your cart stays as it is.";
    field.toggleAttribute("aria-invalid", !known);
    if (!known) {
      field.focus();
      return;
    }
    cart.setVoucher({ code, percent: vouchers[code] });
    field.value = "";
    $("#code-fold").open = false;
    say(h("b", {}, `Voucher ${code} is in your cart. `), `${vouchers[code]} % off this order.`);
  });
  $("#check-out").addEventListener("click", () => {
    const items = cart.lines();
    if (items.length === 0) return;
    const order = { id: `T-${Date.now().toString(36).toUpperCase()}`, items, total: cart.sums().total };
    cart.empty();
    events.charged(order);
    $("#thanks-order").textContent = `Order ${order.id}, ${euros(order.total)}. This is a demo: nothing is paid and nothing is sent.`;
    $("#cart").hidden = true;
    $("#thanks").hidden = false;
    document.title = "Thank you: Tindermere";
    $("#said").replaceChildren();
    $("#thanks-title").focus();
    scrollTo(0, 0);
  });
}

dialogs();
tellMe();
bar();
tellCart();
document.addEventListener("tindermere:changed", bar);
document.addEventListener("tindermere:changed", tellCart);
addEventListener("storage", () => document.dispatchEvent(new Event("tindermere:changed")));
({ home, product, cart: cartPage })[document.querySelector("main").dataset.page]?.();
