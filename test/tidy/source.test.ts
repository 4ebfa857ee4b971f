/** The tidy test can only find what its reading of source files leaves in view. */
import { describe, expect, it } from 'vitest';
import { ROOMS } from './rules.ts';
import { blank, packageOf, referencesOf } from './source.ts';

describe('blank', () => {
  it.each([
    ['call(); // Date.now()', false],
    ['/* Date.now()\n */ call();', false],
    ["const text = 'Date.now() /* ';", false],
    ['const text = "it\'s Date.now()";', false],
    ["const pattern = /['\"`]Date.now/; const other = 'x';", false],
    ['const text = `Date.now()`;', false],
    ['const text = `at $' + '{Date.now()}`;', true],
    ['const half = a / b; Date.now(); const third = c / d;', true],
    ["const url = 'https://x'; Date.now();", true],
    ["const pattern = /'/; Date.now(); // '", true],
    ['const nested = `a $' + '{b ? `c` : 1} d`; Date.now();', true],
  ])('%j: the clock is in view: %s', (text, inView) => {
    const clock = ROOMS.find(({ what }) => what.startsWith('the clock'));
    expect(clock?.pattern.test(blank(text, 'texts'))).toBe(inView);
  });

  it('keeps the lines', () => {
    const text = '/*\n\n*/ a\n`\n\n` // b\nc';
    expect(blank(text, 'texts').split('\n')).toHaveLength(text.split('\n').length);
  });
});

describe('referencesOf', () => {
  it('finds what a file names, by whichever form', () => {
    const code = [
      "import { a,\n  b } from '../x/a.ts';",
      "export type { C } from './c.ts';",
      "import './d.ts';",
      "const e = await import('./e.ts');",
      "new URL('f.ts', import.meta.url);",
      "import { g } from '@scope/g/deep.js';",
      "import h from 'node:fs';",
      "spawn(node, ['--import', LEASH], { stdio: 'pipe' });",
    ].join('\n');
    const found = referencesOf('node/api/z.ts', code);
    expect(found.map(({ file, name }) => file ?? name).sort()).toEqual([
      '@scope/g/deep.js',
      'node/api/c.ts',
      'node/api/d.ts',
      'node/api/e.ts',
      'node/api/f.ts',
      'node/x/a.ts',
      'node:fs',
    ]);
    expect(found.map(packageOf).filter((name) => name !== undefined)).toEqual(['@scope/g']);
  });
});
