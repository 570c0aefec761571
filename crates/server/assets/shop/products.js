// What Tindermere sells: the one place for names, prices and words. Prices are whole euros.
// `wall` names the backdrop in shop.css, `art` the drawing `art/<slug>-<glaze>.svg`.

export const freeShippingFrom = 60;
export const shippingCost = 6;

/** Vouchers that can be entered, with their per cent. */
export const vouchers = { KILN10: 10, HELLO15: 15 };

export const shelves = {
  table: "Table",
  kitchen: "Kitchen",
  light: "Light",
  seconds: "Seconds",
};

export const products = [
  {
    slug: "ebb-jug", name: "Ebb jug", noun: "jug", price: 48, shelf: "table",
    line: "1.2 litres, cobalt over iron clay",
    text: "Holds a bottle of wine or four glasses of water, and pours without a last drop on the cloth.",
    glazes: [
      { id: "cobalt", wall: "butter" }, { id: "persimmon", wall: "butter" },
      { id: "celadon", wall: "butter" }, { id: "butter", wall: "sky" },
    ],
    walls: ["butter", "sky", "rose"],
    facts: [["Height", "22 cm"], ["Clay", "Iron stoneware"], ["Dishwasher", "Yes, and it won’t mind"]],
    goes: ["sunday-teapot", "low-plates", "barley-bowl", "pantry-jar"],
  },
  {
    slug: "heron-vase", name: "Heron vase", noun: "vase", price: 64, shelf: "table",
    line: "31 cm, celadon",
    text: "A long neck for one branch. Stands steady when the window is open, because the clay sits low.",
    glazes: [{ id: "celadon", wall: "plum" }, { id: "moss", wall: "rose" }],
    walls: ["plum", "rose", "lilac"],
    facts: [["Height", "31 cm"], ["Clay", "White stoneware"], ["Dishwasher", "By hand, with a bottle brush"]],
    goes: ["wick-candlestick", "ebb-jug", "low-plates", "sunday-teapot"],
  },
  {
    slug: "barley-bowl", name: "Barley bowl", noun: "bowl", price: 22, shelf: "table",
    line: "Ø 24 cm, persimmon",
    text: "Soup for one, salad for two. The foot is high enough to carry it hot with both hands.",
    glazes: [{ id: "persimmon", wall: "sky" }, { id: "milk", wall: "sky" }],
    walls: ["sky", "butter", "lilac"],
    facts: [["Across", "24 cm"], ["Clay", "Iron stoneware"], ["Dishwasher", "Yes"]],
    goes: ["two-hands-mug", "low-plates", "pantry-jar", "ebb-jug"],
  },
  {
    slug: "two-hands-mug", name: "Two-hands mug", noun: "mug", price: 19, shelf: "table",
    line: "0.4 litres, butter",
    text: "A wide handle for three fingers, and a belly that warms the other hand.",
    glazes: [{ id: "butter", wall: "cobalt" }, { id: "sky", wall: "cobalt" }],
    walls: ["cobalt", "rose", "moss"],
    facts: [["Holds", "0.4 litres"], ["Clay", "Iron stoneware"], ["Dishwasher", "Yes"]],
    goes: ["sunday-teapot", "barley-bowl", "pantry-jar", "low-plates"],
  },
  {
    slug: "sunday-teapot", name: "Sunday teapot", noun: "teapot", price: 72, shelf: "kitchen",
    line: "0.9 litres, lilac",
    text: "Four cups, a spout that stops when you stop, and a lid that stays on to the last one.",
    glazes: [{ id: "lilac", wall: "moss" }, { id: "butter", wall: "moss" }],
    walls: ["moss", "sky", "plum"],
    facts: [["Holds", "0.9 litres"], ["Clay", "White stoneware"], ["Dishwasher", "By hand, without soap"]],
    goes: ["two-hands-mug", "low-plates", "ebb-jug", "pantry-jar"],
  },
  {
    slug: "low-plates", name: "Low plates", noun: "plates", price: 58, shelf: "table",
    line: "Set of four, Ø 21 cm",
    text: "Two and two, shallow enough to stack in any cupboard and deep enough for sauce.",
    glazes: [{ id: "cobalt", wall: "rose" }, { id: "persimmon", wall: "sky" }],
    walls: ["rose", "butter", "sky"],
    facts: [["Across", "21 cm"], ["Clay", "White stoneware"], ["Dishwasher", "Yes"]],
    goes: ["barley-bowl", "ebb-jug", "two-hands-mug", "wick-candlestick"],
  },
  {
    slug: "wick-candlestick", name: "Wick candlestick", noun: "candlestick", price: 26, shelf: "light",
    line: "14 cm, moss",
    text: "A wide foot that catches every drop. Takes the usual candle of 22 millimetres.",
    glazes: [{ id: "moss", wall: "lilac" }, { id: "plum", wall: "lilac" }],
    walls: ["lilac", "butter", "rose"],
    facts: [["Height", "14 cm"], ["Clay", "Iron stoneware"], ["Dishwasher", "Yes, once the wax is out"]],
    goes: ["heron-vase", "low-plates", "ebb-jug", "sunday-teapot"],
  },
  {
    slug: "pantry-jar", name: "Pantry jar", noun: "jar", price: 38, shelf: "kitchen",
    line: "1 litre, with lid",
    text: "For flour, for coffee, for the good biscuits. The lid closes with a sound you will know.",
    glazes: [{ id: "milk", wall: "persimmon" }, { id: "butter", wall: "persimmon" }],
    walls: ["persimmon", "sky", "moss"],
    facts: [["Holds", "1 litre"], ["Clay", "White stoneware"], ["Dishwasher", "Yes, the lid too"]],
    goes: ["sunday-teapot", "two-hands-mug", "barley-bowl", "ebb-jug"],
  },
];

/** The product of a slug, or undefined. */
export const bySlug = (slug) => products.find((product) => product.slug === slug);
