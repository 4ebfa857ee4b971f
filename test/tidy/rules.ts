/**
 * The house rules as tables; `test/tidy.test.ts` checks them. A new exception stands here, with its
 * reason beside it. Files are named from the project's root; a name that ends in `/` means everything
 * below it.
 */

/** Folders whose code is the program. */
export const PROGRAM = ['protocol', 'config', 'node', 'cli', 'simulations'];

export interface ImportRow {
  readonly from: string;
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

// In the rows of a folder, names are relative to it and '' is the folder; '/protocol/' is from the root.
const BASE = ['errors.ts', 'limits.ts', 'identity/', 'money/'];
const STATE = [
  '/protocol/',
  'ports.ts',
  'token-bucket.ts',
  'settings.ts',
  'store/keys.ts',
  'store/records.ts',
  'store/event-record.ts',
];
const AT_REST = ['home/', 'platform/'];

/**
 * Who may import whom; the first row that fits a file decides. Lower layers never know upper ones, and
 * nothing imports `test`.
 */
export const IMPORTS: readonly ImportRow[] = [
  // The protocol runs in a browser: audited hashes and curves, decimal text, nothing else.
  ...rows('protocol/', {
    'limits.ts': [[], []],
    'errors.ts': [[], []],
    'identity/': [
      ['errors.ts', 'limits.ts', 'identity/'],
      ['@noble/', '@scure/'],
    ],
    'money/': [['errors.ts', 'limits.ts', 'money/'], ['decimal.js']],
    'wire/': [[...BASE, 'wire/'], ['@noble/']],
    'ledger/': [[...BASE, 'wire/messages/', 'ledger/'], ['@noble/']],
    // The manifest is the one thing whose bytes the machines know: votes are over their hash. It shows grants.
    'machines/manifest.ts': [[''], ['@noble/']],
    'machines/agents.ts': [[''], ['@noble/']],
    'machines/': [[...BASE, 'wire/messages/', 'ledger/', 'machines/'], ['@noble/']],
    'routing/': [[...BASE, 'wire/messages/', 'ledger/', 'routing/'], []],
    '': [[''], ['@noble/', '@scure/']],
  }),
  {
    from: 'config/',
    files: ['protocol/', 'config/'],
    packages: ['zod', 'yaml', '@multiformats/multiaddr'],
  },
  // Adapters implement ports and do not know the engine; the engine knows ports and no adapter.
  ...rows('node/', {
    'ports.ts': [['/protocol/'], []],
    'engine/': [[...STATE, 'engine/'], ['@noble/']],
    'routing/': [[...STATE, 'engine/', 'routing/'], ['@noble/']],
    'hub/': [[...STATE, 'store/hub-records.ts', 'engine/', 'routing/', 'hub/'], ['@noble/']],
    // The backup is an adapter like the store; what it has to tell goes through turns.
    'integrity/': [
      [
        ...STATE,
        'store/integrity-records.ts',
        'store/backup/incremental.ts',
        'store/backup/redo-log.ts',
        'secret-names.ts',
        'engine/',
        'integrity/',
      ],
      ['@noble/'],
    ],
    'sessions/': [
      [...STATE, '/config/node.ts', 'store/session-records.ts', 'engine/', 'hub/', 'sessions/'],
      ['@noble/', '@scure/'],
    ],
    'events/': [[...STATE, 'engine/', 'events/'], []],
    // An add-on sees of the node what the API's shapes say; its thread knows nothing else of it.
    'addons/': [
      [
        ...STATE,
        'service/contract.ts',
        'service/shapes.ts',
        'service/shapes/',
        'engine/',
        'addons/',
      ],
      ['zod'],
    ],
    'telemetry/': [
      ['ports.ts', 'engine/notices.ts', 'transport/metrics.ts', 'vitals.ts', 'telemetry/'],
      ['prom-client'],
    ],
    'platform/': [
      ['/protocol/', 'ports.ts', 'secret-names.ts', 'platform/'],
      ['pino', 'sodium-native'],
    ],
    'home/': [['/protocol/', 'ports.ts', 'platform/', 'store/', 'home/'], ['zod']],
    'peers/': [[...STATE, 'engine/', 'peers/'], []],
    'payments/': [[...STATE, 'engine/', 'routing/', 'peers/', 'payments/'], ['@noble/']],
    'store/': [
      ['/protocol/', 'ports.ts', 'platform/files.ts', 'store/'],
      ['level', '@noble/', 'it-length-prefixed', 'it-pipe'],
    ],
    'transport/': [
      ['/protocol/', 'ports.ts', 'token-bucket.ts', 'platform/native-ed25519.ts', 'transport/'],
      ['libp2p', '@libp2p/', '@chainsafe/', '@multiformats/'],
    ],
    'api/': [
      [
        '/protocol/',
        'ports.ts',
        'token-bucket.ts',
        'service/contract.ts',
        'service/shapes.ts',
        'service/shapes/',
        'api/',
      ],
      ['fastify', 'zod', 'ws'],
    ],
    '': [
      ['', '/protocol/', '/config/'],
      ['@noble/', 'zod'],
    ],
  }),
  // The CLI speaks to a daemon through its API; only what works on the files at rest opens them itself.
  ...rows('cli/', {
    'commands/start.ts': [['', '/protocol/', '/config/', '/node/'], []],
    // Loaded only when it is asked for, so that nothing else of the CLI depends on it.
    'commands/simulations.ts': [['', '/simulations/'], []],
    // Of a node that does not run, the whole store is read.
    'commands/verify-store.ts': [
      [
        '',
        '/protocol/',
        '/node/api/',
        '/node/service/shapes.ts',
        ...AT_REST.map((file) => `/node/${file}`),
        '/node/store/level/level.ts',
        '/node/verify-store.ts',
      ],
      [],
    ],
    // Without a running node, the store is opened to see whether it is sound.
    'doctor/look.ts': [
      ['', '/protocol/', '/config/', '/node/api/', '/node/home/', '/node/store/level/level.ts'],
      [],
    ],
    '': [
      [
        '',
        '/protocol/',
        '/config/',
        '/node/api/',
        '/node/service/shapes.ts',
        ...AT_REST.map((file) => `/node/${file}`),
      ],
      ['commander', 'zod'],
    ],
  }),
  // The auditor keeps its own books: it may not share a line with what it audits.
  { from: 'simulations/audit', files: ['simulations/audit'], packages: [] },
  {
    from: 'simulations/',
    files: ['protocol/', 'config/', 'node/', 'simulations/', 'cli/page.ts', 'cli/daemon-door.ts'],
    // Fastify with nothing behind it, as the floor of the API.
    packages: ['yaml', 'fastify'],
  },
];

/** What a pattern finds may stand only in these rooms. Patterns see code without comments and texts. */
export const ROOMS: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly rooms: readonly string[];
}[] = [
  {
    what: 'the clock (elsewhere: ports.clock)',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    // An add-on is a program of its own and has no ports.
    rooms: [
      'node/platform/platform.ts',
      'node/transport/',
      'node/addons/webhook/',
      'node/addons/reporting/addon.ts',
      'cli/',
      'simulations/',
    ],
  },
  {
    what: 'timers (elsewhere: ports.clock)',
    pattern: /\b(setTimeout|setInterval|setImmediate)\b/,
    // The API server bounds how long its own closing may take.
    rooms: [
      'node/platform/platform.ts',
      'node/transport/',
      'node/api/server.ts',
      'cli/',
      'simulations/',
    ],
  },
  {
    what: 'randomness (elsewhere: ports.entropy)',
    pattern: /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\bgetRandomValues\b/,
    // Names of drafts, and of one opening of a store, must differ even where no port is at hand.
    rooms: ['node/platform/platform.ts', 'node/platform/files.ts', 'node/store/', 'simulations/'],
  },
  {
    what: 'standard output and exit',
    pattern: /\bconsole\.|\bprocess\.(exit|exitCode|stdout|stderr|stdin)\b/,
    rooms: ['cli/', 'simulations/'],
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b/,
    rooms: ['config/load.ts', 'cli/', 'simulations/'],
  },
  {
    what: 'waiting: never in the protocol',
    pattern: /\basync\b|\bawait\b|\bPromise\b/,
    rooms: ['config/', 'node/', 'cli/', 'simulations/'],
  },
  {
    what: 'HTTP status codes',
    pattern: /\breply\.(code|status)\(/,
    rooms: ['node/api/'],
  },
];

/** What stands nowhere. `text` patterns see comments and texts too, `bare` ones only code. */
export const NOWHERE: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly in: 'text' | 'bare';
}[] = [
  { what: 'any', pattern: /(?:[:<,|&]|\bas)\s*any\b/, in: 'bare' },
  { what: 'a check switched off', pattern: /@ts-|biome-ignore|eslint-/, in: 'text' },
  { what: 'unfinished work', pattern: /\b(TODO|FIXME|HACK)\b/, in: 'text' },
  // `runIf` stays: what needs another machine (a full disk, a kind of file system) says so there.
  { what: 'a test left out', pattern: /\.(skip|only|todo)\b\s*[(.]/, in: 'bare' },
  {
    what: 'syntax that type stripping cannot erase',
    pattern: /^\s*(export )?(const )?(enum|namespace)\s+\w+\s*\{/m,
    in: 'bare',
  },
];

/** Where Node's own modules may be used: not in code that a browser runs. */
export const NODE_MODULES_ROOMS = [
  'config/load.ts',
  'config/describe.ts',
  'config/version.ts',
  'node/',
  'cli/',
  'simulations/',
];

/** The one file that spells the prefixes of store keys. */
export const STORE_KEYS = 'node/store/keys.ts';
/** But for these, which spell those of older versions and never change. */
export const OLD_STORE_KEYS = 'node/store/migrations/';

export const LINES_MAX = 400;
/** Longer files, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {};

/** Names that say nothing about what is inside. */
export const EMPTY_NAMES = /^(utils?|helpers?|common|misc|stuff|shared|lib)$/;

/** Files that nothing imports: started by a person, a script or another process. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  'protocol/index.ts': 'package export ./protocol',
  'node/node.ts': 'package export .',
  'cli/geo.js': 'the bin of the package',
  'cli/main.ts': 'what the bin and the npm scripts run',
  'simulations/exhaustive/main.ts': 'run by hand: every state of an attempt',
  'cli/package.ts': 'npm run build: makes the package that is published',
  'cli/describe.ts': 'writes docs/CLI.md',
  'config/describe.ts': 'writes docs/CONFIGURATION.md',
  'simulations/bench/': 'npm run bench starts them by name',
  'node/addons/template.ts': 'what `geo addons new` copies',
  'node/addons/define.ts': 'package export ./addon: what an add-on is written against',
  'node/store/memory.ts': 'the port without a disk, for tests and simulations',
  'node/transport/memory.ts': 'the port without a network, for tests and simulations',
};

/** Environment names besides those of the configuration. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  GEO_HOME: 'the home directory, before there is a configuration',
  GEO_PASSPHRASE: 'of the key file',
};

/** Dependencies that no source file imports. */
export const NOT_IMPORTED: Readonly<Record<string, string>> = {
  '@biomejs/biome': 'npm run lint',
  '@types/node': 'types of Node',
  '@types/ws': 'types of ws',
  typescript: 'npm run check',
};

type Sides = readonly [files: readonly string[], packages: readonly string[]];

function rows(folder: string, table: Readonly<Record<string, Sides>>): ImportRow[] {
  return Object.entries(table).map(([name, [files, packages]]) => ({
    from: `${folder}${name}`,
    files: files.map((file) => (file.startsWith('/') ? file.slice(1) : `${folder}${file}`)),
    packages,
  }));
}
