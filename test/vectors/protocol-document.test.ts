/** docs/PROTOCOL.md against the code: what it lists is what there is, and what the code cites is there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_TITLES } from '../../protocol/errors.ts';
import * as limits from '../../protocol/limits.ts';
import { PresenceBody } from '../../protocol/presence.ts';
import { MESSAGES, type MessageName } from '../../protocol/wire/message-types.ts';
import { filesUnder, ROOT, readSources } from '../tidy/source.ts';

const page = readFileSync(join(ROOT, 'docs/PROTOCOL.md'), 'utf8');

/** Rows of the tables that begin with such a first cell, as cells. */
function rows(first: RegExp): string[][] {
  return page
    .split('\n')
    .filter((line) => first.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/PROTOCOL.md', () => {
  it('numbers every message, and says which are signed', () => {
    const told = rows(/^\| \d+ \| `/).map(([number, name, signer]) => [
      name?.replaceAll('`', ''),
      Number(number),
      signer !== '',
    ]);
    const names = Object.keys(MESSAGES) as MessageName[];
    expect(told).toEqual(names.map((name) => [name, MESSAGES[name].number, MESSAGES[name].signed]));
  });

  it('gives every bound its value', () => {
    const told = rows(/^\| `[A-Z_]+` \|/).map(([name, value]) => [
      name?.replaceAll('`', ''),
      value,
    ]);
    expect(told).toEqual(Object.entries(limits).map(([name, value]) => [name, String(value)]));
  });

  it('has every error code with its title', () => {
    const told = rows(/^\| E\d{3} \|/).map(([code, title]) => [code, title]);
    expect(told).toEqual(Object.entries(ERROR_TITLES));
  });

  it('explains every fault of the protocol and of the engine', () => {
    const told = new Set(
      rows(/^\| `[a-z_]+`.*\| E\d{3}/).flatMap(([names]) =>
        [...(names ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
      ),
    );
    const spelt =
      /\bfault: '(\w+)'|\binvalid\(\s*'(\w+)'|\b(?:refusal|turnedDown)\(\s*'E\d{3}',\s*'(\w+)'/g;
    const found = readSources(['protocol', 'node'])
      .filter(({ path }) =>
        /^protocol\/((identity|money|wire|ledger|machines)\/|\w+\.ts)|^node\/(engine\/|routing\/|inbox|payments)/.test(
          path,
        ),
      )
      .flatMap(({ code }) =>
        [...code.matchAll(spelt)].map((match) => match.slice(1).find(Boolean)),
      );
    // A vote or acknowledgement whose sender gave no reason.
    const unexplained = found.filter((name) => name !== 'refused' && !told.has(name));
    expect(found.length).toBeGreaterThan(40);
    expect([...new Set(unexplained)]).toEqual([]);
  });

  it('shows the presence record as it is', () => {
    const keys = [...PresenceBody.rule.matchAll(/^ {2}(\w+): /gm)].map(([, key]) => key);
    const [, told = ''] = /\{(public_key[^}]*)\}/.exec(page) ?? [];
    expect([...told.matchAll(/(\w+)(?=[,:]|$)/g)].map(([, key]) => key)).toEqual(keys);
  });

  it('has the sections that comments cite', () => {
    const headings = new Set(
      [...page.matchAll(/^#+ (?:\d+\. )?(.*)$/gm)].map(([, heading]) => heading),
    );
    const cited = readSources(['protocol', 'config', 'node', 'cli', 'simulations', 'test']).flatMap(
      ({ path, text }) =>
        [...text.replaceAll(/\s+\*?\s*/g, ' ').matchAll(/PROTOCOL\.md,((?: and)? "[^"]+")+/g)]
          .flatMap(([whole]) => [...whole.matchAll(/"([^"]+)"/g)])
          .map(([, heading = '']) => ({ path, heading })),
    );
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter(({ heading }) => !headings.has(heading))).toEqual([]);
  });
});

describe('links', () => {
  const pages = ['README.md', 'CHANGELOG.md', 'test/vectors/README.md'].concat(
    filesUnder('docs').filter((path) => path.endsWith('.md')),
  );

  it.each(pages)('%s leads to sections and files that exist', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

function anchorsOf(path: string): Set<string> {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}
