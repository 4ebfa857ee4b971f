/** Where the module of an add-on lies: one of the node's own, a file, or an npm package, seen from the home directory. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invalid } from '../../protocol/errors.ts';

const OWN = new Map([
  ['reporting', new URL('./reporting/addon.ts', import.meta.url)],
  ['webhook', new URL('./webhook/addon.ts', import.meta.url)],
]);
// A published package carries compiled files.
const published = !import.meta.url.endsWith('.ts');

/** @returns a URL to import. @throws GeoError E009 `no_such_addon` */
export function locateAddon(use: string, home: string): string {
  const own = OWN.get(use);
  if (own !== undefined) return published ? own.href.replace(/\.ts$/, '.js') : own.href;
  if (/^(\.|\/|[a-zA-Z]:[\\/])/.test(use)) {
    const path = resolve(home, use);
    if (existsSync(path)) return pathToFileURL(path).href;
    throw invalid('no_such_addon', `There is no file ${path}. Correct addons.load.`);
  }
  try {
    return pathToFileURL(createRequire(join(home, 'addons.js')).resolve(use)).href;
  } catch {
    throw invalid(
      'no_such_addon',
      `There is no package "${use}" that is found from ${home}. Install it there: npm install --prefix ${home} ${use}`,
    );
  }
}
