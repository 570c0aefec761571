// Building elements and pictures, so that no page ever assembles HTML from strings.

/** An element: attributes as strings, `onclick` and its kind as functions, children as nodes or text. */
export const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

/** An icon of the sprite. */
export const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/shop/art/icons.svg#${name}`);
  svg.append(use);
  return svg;
};

/** A product before a wall. */
export const picture = (product, glaze = product.glazes[0].id, wall, alt = "") => {
  const backdrop = wall ?? product.glazes.find(({ id }) => id === glaze)?.wall ?? product.walls[0];
  return h("span", { class: `art on-${backdrop}` },
    h("img", { src: `/shop/art/${product.slug}-${glaze}.svg`, alt, width: "266", height: "266" }));
};

/** A card of the grid. */
export const card = (product) =>
  h("li", { class: "card" },
    h("a", { href: `/shop/product/${product.slug}/` },
      picture(product),
      h("span", { class: "card-name" }, product.name),
      h("span", { class: "card-price" }, `€${product.price}`),
      h("span", { class: "card-line" }, product.line)));

export const euros = (value) => `${value < 0 ? "−" : ""}€${Math.abs(value).toFixed(2)}`;

/** Minus, number, plus. `change` gets the new number. */
export const stepper = (label, value, least, change) => {
  const number = h("output", { class: "step-n" }, String(value));
  const down = h("button", { type: "button", "data-step": "down", "aria-label": least === 0 && value === 1 ? `Take out ${label}` : `One less ${label}`,
    disabled: value <= least, onclick: () => change(value - 1) }, icon("minus"));
  const up = h("button", { type: "button", "data-step": "up", "aria-label": `One more ${label}`, disabled: value >= 99,
    onclick: () => change(value + 1) }, icon("plus"));
  return h("div", { class: "step", role: "group", "aria-label": `Quantity of ${label}` }, down, number, up);
};

/** Draws again and gives the focus back to the step button that had it; `place` finds the stepper afterwards. */
export const keepingStep = (draw, place) => {
  const step = document.activeElement?.dataset.step;
  draw();
  if (step) place()?.querySelector(`[data-step="${step}"]:enabled`)?.focus();
};

let clearing = 0;
/** Says something at the top of the page, for eyes and ears. */
export const say = (...content) => {
  const place = document.getElementById("said");
  place.replaceChildren(h("p", {}, ...content));
  clearTimeout(clearing);
  clearing = setTimeout(() => place.replaceChildren(), 8000);
};
