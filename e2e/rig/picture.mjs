// Pictures compared with references, tolerantly: fonts and smoothing differ a little between machines.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const REFERENCES = fileURLToPath(new URL('../references/', import.meta.url));
const OUT = fileURLToPath(new URL('../out/', import.meta.url));
const SHARE = 0.03;
const SIZE = 2;
/** References are half as large and have fewer colours: that is smaller, and blind to how a letter is smoothed. */
const HALF = 2;
const STEP = 8;

/** Each pixel the mean of four, each channel in steps. */
function reduce(png) {
  const small = new PNG({ width: Math.floor(png.width / HALF), height: Math.floor(png.height / HALF) });
  for (let y = 0; y < small.height; y += 1) {
    for (let x = 0; x < small.width; x += 1) {
      for (let channel = 0; channel < 4; channel += 1) {
        let sum = 0;
        for (let part = 0; part < HALF * HALF; part += 1) {
          sum += png.data[((y * HALF + Math.floor(part / HALF)) * png.width + x * HALF + (part % HALF)) * 4 + channel];
        }
        const mean = sum / (HALF * HALF);
        small.data[(y * small.width + x) * 4 + channel] = channel === 3 ? 255 : Math.min(255, Math.round(mean / STEP) * STEP);
      }
    }
  }
  return small;
}

/** The upper left part. */
function cut(png, width, height) {
  if (png.width === width && png.height === height) return png;
  const part = new PNG({ width, height });
  PNG.bitblt(png, part, 0, 0, width, height, 0, 0);
  return part;
}

/**
 * Compares a screenshot with its reference; what is different is said, and drawn in `out/`. With `UPDATE_REFERENCES=1` it becomes
 * the reference.
 * @param {Buffer | Uint8Array} screenshot
 * @returns {Promise<string | undefined>} the difference, if there is one
 */
export async function differs(screenshot, called) {
  const seen = reduce(PNG.sync.read(Buffer.from(screenshot)));
  const file = `${REFERENCES}${called}.png`;
  if (process.env.UPDATE_REFERENCES === '1') {
    await mkdir(REFERENCES, { recursive: true });
    await writeFile(file, PNG.sync.write(seen, { colorType: 2, deflateLevel: 9 }));
    return undefined;
  }
  const wanted = PNG.sync.read(await readFile(file));
  const [width, height] = [Math.min(seen.width, wanted.width), Math.min(seen.height, wanted.height)];
  const difference = new PNG({ width, height });
  const pixels = pixelmatch(cut(seen, width, height).data, cut(wanted, width, height).data, difference.data, width, height, { threshold: 0.15 });
  const far = Math.max(Math.abs(seen.width - wanted.width), Math.abs(seen.height - wanted.height)) * HALF;
  const share = pixels / (width * height);
  if (share <= SHARE && far <= SIZE) return undefined;
  await mkdir(OUT, { recursive: true });
  await writeFile(`${OUT}${called}-seen.png`, screenshot);
  await writeFile(`${OUT}${called}-difference.png`, PNG.sync.write(difference));
  const sizes = [seen, wanted].map(({ width, height }) => `${width * HALF}×${height * HALF}`);
  return `${called}: ${(share * 100).toFixed(1)} % of the pixels differ, ${sizes[0]} instead of ${sizes[1]}`;
}
