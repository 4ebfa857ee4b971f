/** Commands that need no node, the command table, and the launcher: run as real processes where that is the point. */

import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../cli/commands/index.ts';
import { describeCommands } from '../../../cli/describe.ts';
import { runCli } from '../../../cli/main.ts';
import { homeAt } from '../../../node/home/home.ts';
import { openKeyFile } from '../../../node/home/keyring.ts';
import { keys } from '../../../node/store/keys.ts';
import { openLevelStore } from '../../../node/store/level/level.ts';
import type { Hash } from '../../../protocol/identity/pid.ts';
import { seedFromWords } from '../../../protocol/identity/recovery-words.ts';
import { geo, LAUNCHER } from './cli-process.ts';
import { createMemoryTerminal, type MemoryTerminalOptions } from './memory-terminal.ts';

const SEED = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

let root: string;
let homes = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-offline-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
const newHome = () => join(root, `home-${homes++}`);

async function run(argv: readonly string[], options: MemoryTerminalOptions = {}) {
  const terminal = createMemoryTerminal(options);
  const code = await runCli(argv, terminal);
  return { code, ...terminal.written };
}

describe('geo init', () => {
  it('makes a key that only its owner can read, and shows its words once', async () => {
    const home = newHome();
    const made = await run(['init', '--home', home], { interactive: true, columns: 80 });
    expect(made.code).toBe(0);
    expect((await stat(join(home, 'key.json'))).mode & 0o777).toBe(0o600);
    const words = [...made.out.matchAll(/\d+ ([a-z]{3,8})/g)].map((match) => match[1]).join(' ');
    const { seed, signer } = await openKeyFile(home);
    expect(seedFromWords(words)).toEqual(seed);
    const shown = await run(['id', '--home', home, '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ public_key: signer.publicKey, running: false });
    expect(made.out).toContain(JSON.parse(shown.out).pid);
  });

  it('does not write words where no person reads', async () => {
    const made = await geo(['init', '--home', newHome()]);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).not.toContain('words');
    const json = await run(['init', '--home', newHome(), '--json'], { interactive: true });
    expect(JSON.parse(json.out)).not.toHaveProperty('words');
    const asked = await run(['init', '--home', newHome(), '--json', '--show-words']);
    expect(JSON.parse(asked.out).words.split(' ')).toHaveLength(24);
  });

  it('never overwrites a key', async () => {
    const home = newHome();
    await run(['init', '--home', home]);
    const before = await readFile(join(home, 'key.json'), 'utf8');
    const again = await run(['init', '--home', home, '--seed', SEED]);
    expect(again).toMatchObject({ code: 4, err: expect.stringContaining('key_exists') });
    expect(await readFile(join(home, 'key.json'), 'utf8')).toBe(before);
  });

  it('imports the same participant from seed, file, input or words', async () => {
    const file = join(root, 'seed.hex');
    await writeFile(file, `${SEED}\n`);
    const first = JSON.parse(
      (await run(['init', '--home', newHome(), '--seed', SEED, '--json', '--show-words'])).out,
    );
    expect(first).not.toHaveProperty('words');
    const words =
      'abandon amount liar amount expire adjust cage candy arch gather drum bullet absurd math era live bid rhythm alien crouch range attend journey unaware';
    const sources: [string[], MemoryTerminalOptions][] = [
      [['--seed', `@${file}`], {}],
      [['--seed', '-'], { input: `${SEED}\n` }],
      [['--seed', '-'], { answers: [SEED] }],
      [['--words', words], {}],
      [['--words', '-'], { input: words.toUpperCase().replaceAll(' ', '\n') }],
    ];
    for (const [argv, options] of sources) {
      const made = await run(['init', '--home', newHome(), '--json', ...argv], options);
      expect(JSON.parse(made.out)).toMatchObject({ pid: first.pid });
    }
  });

  it.each([
    [['--seed', 'abc'], 4, 'bad_seed'],
    [['--words', 'abandon ability'], 4, 'bad_recovery_words'],
    [['--seed', '@/nowhere/seed'], 4, 'file_unreadable'],
    [['--seed', SEED, '--words', 'x'], 2, 'usage'],
  ])('refuses %j without making anything', async (argv, code, fault) => {
    const home = newHome();
    const refused = await run(['init', '--home', home, ...argv]);
    expect(refused).toMatchObject({ code, out: '', err: expect.stringContaining(fault) });
    expect(existsSync(home)).toBe(false);
  });

  it('encrypts with a passphrase that is asked for twice, read from a file, or in the environment', async () => {
    const file = join(root, 'passphrase');
    await writeFile(file, 'hunter two\n');
    const sources: [string[], MemoryTerminalOptions][] = [
      [['--passphrase'], { answers: ['hunter two', 'hunter two'] }],
      [['--passphrase-file', file], {}],
      [[], { env: { GEO_PASSPHRASE: 'hunter two' } }],
    ];
    for (const [argv, options] of sources) {
      const home = newHome();
      const made = await run(['init', '--home', home, '--seed', SEED, '--json', ...argv], options);
      expect(JSON.parse(made.out)).toMatchObject({ encrypted: true });
      expect(await readFile(join(home, 'key.json'), 'utf8')).not.toContain(SEED);
      expect(Buffer.from((await openKeyFile(home, 'hunter two')).seed).toString('hex')).toBe(SEED);
    }
    const home = newHome();
    const slip = await run(['init', '--home', home, '--passphrase'], { answers: ['one', 'two'] });
    expect(slip).toMatchObject({ code: 2 });
    expect(existsSync(home)).toBe(false);
  });
});

describe('geo id and config show', () => {
  it('say what to do where there is no key, or one that others can read', async () => {
    const home = newHome();
    expect(await run(['id', '--home', home])).toMatchObject({
      code: 4,
      err: expect.stringContaining('geo init'),
    });
    await run(['init', '--home', home]);
    await chmod(join(home, 'key.json'), 0o644);
    expect(await run(['id', '--home', home])).toMatchObject({
      code: 4,
      err: expect.stringContaining('chmod 600'),
    });
  });

  it('show where each option comes from', async () => {
    const home = newHome();
    await run(['init', '--home', home]);
    await writeFile(join(home, 'config.yaml'), 'log: {level: warn}\n');
    const shown = await run(
      ['config', 'show', '--home', home, '--json', '--set', 'payments.max_hops=3'],
      {
        env: { GEO_API_PORT: '4850', GEO_HOME: home, GEO_PASSPHRASE: 'x' },
      },
    );
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.out)).toMatchObject({
      config: { log: { level: 'warn' }, api: { port: 4850 }, payments: { max_hops: 3 } },
      origins: {
        'log.level': 'config.yaml:1',
        'api.port': 'GEO_API_PORT',
        'payments.max_hops': '--set',
        listen: 'default',
      },
    });
    const table = await run(['config', 'show', '--home', home], { interactive: true, columns: 80 });
    expect(table.out).toMatch(/^log\.level +"warn" +config\.yaml:1$/m);
  });

  it('list all faults of a configuration at once', async () => {
    const home = newHome();
    await run(['init', '--home', home]);
    await writeFile(join(home, 'config.yaml'), 'log: {level: loud}\nlimitz: {}\n');
    const refused = await run(['config', 'show', '--home', home]);
    expect(refused.code).toBe(4);
    expect(refused.err).toMatch(/limitz.*log\.level.*bad_config/s);
  });
});

describe('geo verify store', () => {
  it('reads the books of a node that does not run, and says which record is wrong', async () => {
    const home = newHome();
    await run(['init', '--home', home]);
    const sound = await run(['verify', 'store', '--home', home]);
    expect(sound).toMatchObject({ code: 0, out: expect.stringMatching(/store +sound/) });
    const store = await openLevelStore(homeAt(home).storeDirectory);
    await store.write([
      { type: 'put', key: keys.manifest('0'.repeat(64) as Hash), value: new Uint8Array([1]) },
    ]);
    await store.close();
    const found = await run(['verify', 'store', '--home', home, '--json']);
    expect(found.code).toBe(1);
    expect(JSON.parse(found.out)).toMatchObject({
      sound: false,
      by: 'its files',
      problems: [expect.stringMatching(/^manifest\/0+: the content is not that of its name/)],
    });
  });

  it('needs books', async () => {
    expect(await run(['verify', 'store', '--home', newHome()])).toMatchObject({ code: 4 });
  });
});

describe('the command table', () => {
  it('gives every command a help page with an example of itself', async () => {
    for (const row of COMMANDS) {
      const byHelp = await run(['help', ...row.words.split(' ')]);
      expect(byHelp).toMatchObject({ code: 0, err: '' });
      expect(byHelp.out).toContain(row.summary);
      expect(row.examples.length).toBeGreaterThan(0);
      for (const example of row.examples) {
        expect(byHelp.out).toContain(`  ${example}\n`);
        expect(`${example} `.startsWith(`geo ${row.words} `)).toBe(true);
      }
      if ('forward' in row) continue;
      expect((await run([...row.words.split(' '), '--help'])).out).toBe(byHelp.out);
      for (const option of Object.values(row.options)) expect(byHelp.out).toContain(option.flags);
    }
  });

  it('is what docs/CLI.md says (write it with `node cli/describe.ts`)', async () => {
    const page = await readFile(new URL('../../../docs/CLI.md', import.meta.url), 'utf8');
    expect(page).toBe(describeCommands());
  });

  it('is the first page, whatever the width', async () => {
    for (const columns of [40, 80, 200]) {
      const { code, out } = await run(['help'], { columns });
      expect(code).toBe(0);
      for (const row of COMMANDS) expect(out).toContain(`  ${row.words}`);
    }
  });

  it.each([
    [[], 'geo help'],
    [['staus'], 'status'],
    [['trust'], 'geo help trust'],
    [['trust', 'sett'], 'set'],
    [['pay', 'bob'], 'AMOUNT'],
    [['pay', 'bob', '1', 'UAH', 'more'], 'geo help pay'],
    [['pay', 'bob', '1', 'UAH', '--speed', '9'], '--speed'],
    [
      ['pay', 'bob', '1', 'UAH', '--max-hops', '99'],
      '--max-hops: "99" is not a whole number from 1 to 10',
    ],
    [['trust', 'set', 'bob', '1', 'UAH', '--auto-clearing', 'maybe'], 'on, off'],
    [['participation', 'asleep'], 'active, frozen'],
    [['contact', 'add', 'bob', '8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2@host'], 'multiaddr'],
    [['equivalent', 'define', 'UAH'], '--precision'],
    [['equivalent', 'define', 'UAH', '--precision', '2', '--meta', 'x'], 'NAME=TEXT'],
    [['help', 'nothing'], 'nothing'],
  ])('refuses %j as wrong use, before anything is done', async (argv, hint) => {
    const home = newHome();
    const refused = await run([...argv, '--home', home]);
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining(hint) });
    expect(refused.err).toContain('E009 usage');
    const json = await run([...argv, '--home', home, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ error: { details: { fault: 'usage' }, exit: 2 } });
  });
});

describe('the launcher', () => {
  it('works from any directory and through a link', async () => {
    const link = join(root, 'geo');
    await symlink(new URL('../../../cli/geo.js', import.meta.url), link);
    const ended = await geo(['--version'], { cwd: root });
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  // What the launcher sees on a machine whose own Node is old; the child that it starts is not told so.
  const onOldNode = [
    '--import',
    'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})',
  ];

  it('finds the Node of the checkout if the system has an old one, and keeps the exit code', async () => {
    const version = await geo(['--version'], { nodeOptions: onOldNode, cwd: root });
    expect(version).toMatchObject({ code: 0, err: '' });
    const piped = await geo(['init', '--home', newHome(), '--seed', '-', '--json'], {
      nodeOptions: onOldNode,
      input: SEED,
    });
    expect(JSON.parse(piped.out)).toHaveProperty('pid');
    expect((await geo(['nonsense'], { nodeOptions: onOldNode })).code).toBe(2);
  });

  it('says in one sentence what is missing where no such Node is', async () => {
    const launcher = join(root, 'geo.js');
    await copyFile(LAUNCHER, launcher);
    const ended = await geo(['--version'], { nodeOptions: onOldNode, launcher });
    expect(ended).toMatchObject({ code: 5, out: '' });
    expect(ended.err).toMatch(/^geo needs Node 24 or newer, and this is 20\.20\.2: .*\n$/);
  });
});
