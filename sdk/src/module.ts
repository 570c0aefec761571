/**
 * Entry of the npm package: the page SDK with its parts inside.
 *
 * A bundler loads this once with the site's own script, so that no second file has to stand beside it; the overlay is still loaded
 * from the server when it is asked for. Left out: everything else (`page.ts`).
 */
import './more.ts';
import './prompts.ts';
import './push.ts';

export { default } from './page.ts';
