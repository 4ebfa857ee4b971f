/**
 * Commands that need no running node: the key and the configuration. What reads keys and files is
 * loaded by the command that needs it, so that all the others answer at once.
 */
import { type Context, command, flag, list, value } from '../command.ts';
import { exitCodeOf, usageError } from '../exit.ts';
import { facts, type Page, paint, table } from '../page.ts';
import { anyText } from '../read.ts';
import { readPassphrase, readSecret, SECRET_FORMS } from '../secrets.ts';

export const passphraseOptions = {
  passphrase: flag('--passphrase', 'ask for a passphrase'),
  passphraseFile: value('--passphrase-file <FILE>', 'read the passphrase from a file', anyText),
};

export const configOptions = {
  config: value(
    '--config <FILE>',
    'configuration file instead of config.yaml in the home',
    anyText,
  ),
  set: list('--set <KEY=VALUE...>', 'single options, over file and environment'),
};

interface KeySource {
  readonly seed: string | undefined;
  readonly words: string | undefined;
}

/** The seed to import, or a new one. `made` says which: only a new one has words nobody knows yet. */
async function seedFrom(source: KeySource, { terminal }: Context) {
  const { SEED_BYTES, seedFromHex } = await import('../../protocol/identity/keys.ts');
  const { seedFromWords } = await import('../../protocol/identity/recovery-words.ts');
  const { realEntropy } = await import('../../node/platform/platform.ts');
  if (source.seed !== undefined && source.words !== undefined) {
    throw usageError('Give --seed or --words, not both.');
  }
  if (source.seed !== undefined) {
    return { seed: seedFromHex(await readSecret(source.seed, 'Seed: ', terminal)), made: false };
  }
  if (source.words !== undefined) {
    const words = await readSecret(source.words, 'Recovery words: ', terminal);
    return { seed: seedFromWords(words), made: false };
  }
  return { seed: realEntropy.bytes(SEED_BYTES), made: true };
}

/** Six lines of four numbered words: easier to copy than one long line. */
function wordsText(page: Page, words: string): string {
  const numbered = words
    .split(' ')
    .map((word, index) => `${String(index + 1).padStart(2)} ${word.padEnd(10)}`);
  const lines = Array.from({ length: numbered.length / 4 }, (_, row) =>
    numbered
      .slice(row * 4, row * 4 + 4)
      .join(' ')
      .trimEnd(),
  );
  return [
    paint(page, 'bold', 'Recovery words: write them down on paper. They are shown only now,'),
    paint(page, 'bold', 'and whoever has them is this participant.'),
    '',
    ...lines,
  ].join('\n');
}

export const identityCommands = [
  command({
    words: 'init',
    group: 'Identity and configuration',
    summary: 'Make the key of a new participant, or import one, and an empty store',
    details:
      'Writes key.json (readable by you alone) into the home directory and never overwrites one. Books that are there stay. A key that comes from its words has been used before: its node lets the peers bring its books back (see `geo restore` for a backup). A new key has 24 recovery words, shown once on a terminal. A passphrase from --passphrase, --passphrase-file or GEO_PASSPHRASE encrypts the key; the node then asks for it at each start.',
    examples: [
      'geo init',
      'geo init --home ~/bob --passphrase',
      'geo init --words -',
      'geo init --seed @seed.hex',
    ],
    options: {
      seed: value('--seed <HEX>', `import 64 hexadecimal digits; ${SECRET_FORMS}`, anyText),
      words: value('--words <WORDS>', `import 24 recovery words; ${SECRET_FORMS}`, anyText),
      ...passphraseOptions,
      showWords: flag(
        '--show-words',
        'show the recovery words even if no terminal is there to read them',
      ),
    },
    local: true,
    run: async (context, _given, options) => {
      const { home, terminal } = context;
      // LevelDB takes its time to load: only who makes a store pays for it.
      const { setUpHome } = await import('../../node/home/setup.ts');
      const { wordsFromSeed } = await import('../../protocol/identity/recovery-words.ts');
      const { seed, made } = await seedFrom(options, context);
      const passphrase = await readPassphrase(options, terminal, true);
      const { pid, publicKey } = await setUpHome(home.directory, {
        seed,
        usedBefore: options.words !== undefined,
        ...(passphrase === undefined ? {} : { passphrase }),
      });
      const shown = made && (options.showWords || (terminal.interactive && !context.json));
      const words = shown ? wordsFromSeed(seed) : undefined;
      const encrypted = passphrase !== undefined;
      return {
        json: {
          pid,
          public_key: publicKey,
          key_file: home.keyFile,
          encrypted,
          ...(words === undefined ? {} : { words }),
        },
        text: (page) =>
          [
            facts(page, [
              ['PID', pid, 'bold'],
              ['public key', publicKey],
              ['key file', home.keyFile],
              ['passphrase', encrypted ? 'yes' : 'none: whoever can read the file has the key'],
            ]),
            ...(words === undefined ? [] : ['', wordsText(page, words)]),
          ].join('\n'),
      };
    },
  }),
  command({
    words: 'id',
    group: 'Identity and configuration',
    summary: 'Show who this participant is, and where its node can be reached',
    details: 'Works without a running node; then there are no addresses.',
    examples: ['geo id', 'geo id --json'],
    local: true,
    run: async ({ home, client }) => {
      const { readPublicIdentity } = await import('../../node/home/keyring.ts');
      const { pid, publicKey } = await readPublicIdentity(home.directory);
      const addresses = await addressesNow(client);
      return {
        json: {
          pid,
          public_key: publicKey,
          running: addresses !== null,
          addresses: addresses ?? [],
        },
        text: (page) =>
          facts(page, [
            ['PID', pid, 'bold'],
            ['public key', publicKey],
            ...(addresses === null
              ? ([['addresses', 'the node does not run']] as const)
              : addresses.map((address) => ['address', address] as const)),
          ]),
      };
    },
  }),
  command({
    words: 'config show',
    group: 'Identity and configuration',
    summary: 'Show every option with its value and where that comes from',
    details:
      'Checks file, environment and flags as `geo start` does, and lists all faults at once.',
    examples: ['geo config show', 'geo config show --set log.level=debug --json'],
    options: configOptions,
    local: true,
    run: async ({ home, terminal }, _given, { config: file, set }) => {
      const { loadConfigWithOrigins } = await import('../../config/load.ts');
      const { OPTIONS } = await import('../../config/node.ts');
      const { config, origins } = loadConfigWithOrigins({
        home: home.directory,
        env: terminal.env,
        flags: set,
        file,
      });
      const rows = OPTIONS.map(({ key, section, name }) => {
        const owner: Readonly<Record<string, unknown>> = section === '' ? config : config[section];
        return { key, value: JSON.stringify(owner[name]), origin: origins[key] ?? 'default' };
      });
      return {
        json: { config, origins },
        text: (page) =>
          table(
            page,
            [
              { title: 'OPTION', cell: ({ key }) => key },
              { title: 'VALUE', cell: (row) => row.value, flexible: true },
              {
                title: 'FROM',
                cell: ({ origin }) => origin,
                format: ({ origin }) => (origin === 'default' ? 'dim' : 'green'),
              },
            ],
            rows,
          ),
      };
    },
  }),
];

/** Null if no node runs on this home; any other refusal is the person's to know. */
async function addressesNow(client: Context['client']): Promise<readonly string[] | null> {
  try {
    return (await (await client()).identity()).addresses;
  } catch (error) {
    if (exitCodeOf(error, false) === 3) return null;
    throw error;
  }
}
