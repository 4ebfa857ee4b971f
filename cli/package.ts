/**
 * Makes `dist/` the package that is published, after the compiler has filled it (`npm run build`).
 *
 * It differs from the checkout in two ways: the code is JavaScript, because Node strips no types
 * below node_modules, and it brings no Node of its own: whoever installs it has Node 24 already.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = new URL('../', import.meta.url);
const DIST = new URL('dist/', ROOT);

/** Read where they are, not compiled. */
const COPIED = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'cli/geo.js',
  'node/addons/template.ts',
  'protocol/geo.cddl',
  'simulations/community/village.yaml',
];

const Checkout = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

const checkout = Checkout.parse(JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')));
const published = {
  ...checkout,
  type: 'module',
  engines: { node: '>=24' },
  bin: { geo: 'cli/geo.js' },
  exports: {
    '.': './node/node.js',
    './protocol': './protocol/index.js',
    './addon': './node/addons/define.js',
  },
};
writeFileSync(new URL('package.json', DIST), `${JSON.stringify(published, null, 2)}\n`);
for (const path of COPIED) copyFileSync(new URL(path, ROOT), new URL(path, DIST));
process.stderr.write(`The package is ready: npm publish ${fileURLToPath(DIST)}\n`);
