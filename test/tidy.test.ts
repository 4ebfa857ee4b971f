/**
 * The house rules, checked: who may import whom, what may stand only in which room, how files look.
 * The rules themselves are the tables of `tidy/rules.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../config/node.ts';
import {
  EMPTY_NAMES,
  ENTRY_POINTS,
  ENVIRONMENT,
  IMPORTS,
  LINES_MAX,
  LONG_FILES,
  NODE_MODULES_ROOMS,
  NOT_IMPORTED,
  NOWHERE,
  OLD_STORE_KEYS,
  PROGRAM,
  ROOMS,
  STORE_KEYS,
} from './tidy/rules.ts';
import { filesUnder, lineAt, packageOf, ROOT, readSources, type Source } from './tidy/source.ts';

const program = readSources(PROGRAM);
const tests = readSources(['test']);
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>;

function isIn(path: string, rooms: readonly string[]): boolean {
  return rooms.some((room) => path.startsWith(room));
}

/** `path:line: text` of the first place in a file that a pattern finds. */
function place(source: Source, seen: string, pattern: RegExp): string[] {
  const match = pattern.exec(seen);
  return match === null
    ? []
    : [`${source.path}:${lineAt(seen, match.index)}: ${match[0].trim().slice(0, 60)}`];
}

describe('imports', () => {
  it('go only where the table lets them', () => {
    const strays = program.flatMap((source) => {
      const row = IMPORTS.find(({ from }) => source.path.startsWith(from));
      return source.references
        .filter(({ kind }) => kind === 'import')
        .filter((reference) => {
          if (reference.file !== undefined) return !isIn(reference.file, row?.files ?? []);
          const name = packageOf(reference);
          return name === undefined
            ? !isIn(source.path, NODE_MODULES_ROOMS)
            : !(row?.packages ?? []).some((allowed) =>
                `${name}/`.startsWith(allowed.replace(/\/?$/, '/')),
              );
        })
        .map(({ name }) => `${source.path} imports ${name}`);
    });
    expect(strays).toEqual([]);
  });

  it('name the file that exists, ending included', () => {
    const files = new Set([...program, ...tests].map(({ path }) => path));
    // The test of the reading itself quotes imports that lead nowhere.
    const honest = tests.filter(({ path }) => path !== 'test/tidy/source.test.ts');
    const broken = [...program, ...honest].flatMap(({ path, references }) =>
      references
        .filter(({ file, kind }) => kind === 'import' && file !== undefined && !files.has(file))
        .map(({ name }) => `${path} imports ${name}`),
    );
    expect(broken).toEqual([]);
  });

  it('leave no file that nobody needs', () => {
    const byPath = new Map(program.map((source) => [source.path, source]));
    const entries = [...byPath.keys()].filter((path) => isIn(path, Object.keys(ENTRY_POINTS)));
    const needed = new Set(entries);
    // A set that grows while it is walked: all that is needed by what is needed.
    for (const path of needed) {
      for (const { file } of byPath.get(path)?.references ?? []) if (file) needed.add(file);
    }
    const idleFiles = [...byPath.keys()].filter((path) => !needed.has(path));
    expect(idleFiles.filter((path) => !path.endsWith('.d.ts'))).toEqual([]);
    const support = new Set(tests.flatMap(({ references }) => references.map(({ file }) => file)));
    const idle = tests.filter(({ path }) => !path.endsWith('.test.ts') && !support.has(path));
    expect(idle.map(({ path }) => path)).toEqual([]);
  });
});

describe('rooms', () => {
  it.each(ROOMS)('$what', ({ pattern, rooms }) => {
    const strays = program.filter(({ path }) => !isIn(path, rooms));
    expect(strays.flatMap((source) => place(source, source.bare, pattern))).toEqual([]);
  });

  it(`store key prefixes: ${STORE_KEYS}`, () => {
    const page = readFileSync(join(ROOT, STORE_KEYS), 'utf8');
    const prefixes = [...page.matchAll(/^ \* \| `(\w+)\/` \|/gm)].map(([, prefix]) => prefix);
    expect(prefixes.length).toBeGreaterThan(5);
    // A key is what is put, read or deleted; an outbox topic may begin like one.
    const spelt = new RegExp(`(\\bkey: |[(])['\`](${prefixes.join('|')})/`);
    const strays = program.filter(
      ({ path }) =>
        path.startsWith('node/') && path !== STORE_KEYS && !path.startsWith(OLD_STORE_KEYS),
    );
    expect(strays.flatMap((source) => place(source, source.code, spelt))).toEqual([]);
  });

  it('environment names: config/node.ts and two more', () => {
    const known = new Set([
      ...OPTIONS.map(({ environment }) => environment),
      ...Object.keys(ENVIRONMENT),
    ]);
    const strays = program.flatMap(({ path, code }) =>
      [...code.matchAll(/\bGEO_[A-Z][A-Z_]*[A-Z]\b/g)]
        .filter(([name]) => !known.has(name))
        .map(([name]) => `${path}: ${name}`),
    );
    expect(strays).toEqual([]);
  });
});

describe('options', () => {
  it('are each read by the program', () => {
    const readers = program.filter(
      ({ path }) => path.startsWith('node/') || path.startsWith('cli/'),
    );
    const idle = OPTIONS.filter(({ name }) => {
      const read = new RegExp(`\\b${name}\\b`);
      return !readers.some(({ bare }) => read.test(bare));
    });
    expect(idle.map(({ key }) => key)).toEqual([]);
  });
});

describe('files', () => {
  it.each(NOWHERE)('hold nowhere: $what', (rule) => {
    const own = ['test/tidy/rules.ts'];
    const checked = [...program, ...tests].filter(({ path }) => !own.includes(path));
    expect(checked.flatMap((source) => place(source, source[rule.in], rule.pattern))).toEqual([]);
  });

  it(`have at most ${LINES_MAX} lines`, () => {
    const long = [...program, ...tests]
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ path, lines }) => lines > LINES_MAX && LONG_FILES[path] === undefined);
    expect(long).toEqual([]);
  });

  it('have names that say what is inside', () => {
    const files = [...PROGRAM, 'test'].flatMap(filesUnder);
    const empty = files.filter((path) =>
      path.split('/').some((part) => EMPTY_NAMES.test(part.replace(/\..*$/, ''))),
    );
    expect(empty).toEqual([]);
  });

  it('of the protocol describe each function that they export', () => {
    const silent = program
      .filter(({ path }) => path.startsWith('protocol/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(^.*)\n^export (?:function |const (?=\w+ = (?:<.*?>)?\())(\w+)/gm)]
          .filter(([, before = '']) => !before.endsWith('*/'))
          .map(([, , name]) => `${path}: ${name}`),
      );
    expect(silent).toEqual([]);
  });

  it('begin by saying what they are for', () => {
    const silent = program.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

describe('dependencies', () => {
  const names = (['dependencies', 'optionalDependencies', 'devDependencies'] as const).flatMap(
    (group) => Object.keys(manifest[group]),
  );

  it('are each explained in docs/DEPENDENCIES.md, and nothing else is', () => {
    const page = readFileSync(join(ROOT, 'docs/DEPENDENCIES.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual(names.sort());
  });

  it('are pinned to one version', () => {
    const loose = Object.values(manifest)
      .filter((group) => typeof group === 'object')
      .flatMap((group) => Object.entries(group))
      .filter(([name, version]) => names.includes(name) && !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it('are used: by the program itself, or by the tests if they are for development', () => {
    const used = (sources: readonly Source[]) =>
      new Set(sources.flatMap(({ references }) => references.map(packageOf)));
    const byProgram = used(program);
    const byTests = used(tests);
    const idle = Object.keys(manifest.dependencies).filter((name) => !byProgram.has(name));
    const idleInTests = Object.keys(manifest.devDependencies).filter((name) => !byTests.has(name));
    expect([...idle, ...idleInTests].filter((name) => !(name in NOT_IMPORTED))).toEqual([]);
    const undeclared = [...byProgram].filter((name) => name && !(name in manifest.dependencies));
    expect(undeclared).toEqual([]);
  });
});
