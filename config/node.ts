/**
 * What one node chooses for itself: every option once, with its default, bounds, unit (the end of
 * its name) and meaning. A value outside the bounds stops the daemon before it touches anything;
 * `config/load.ts` says which and why. Bounds that two nodes must share are not options: they stand
 * in `protocol/limits.ts`. The page `docs/CONFIGURATION.md` is made from this file.
 */
import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';
import { GeoError } from '../protocol/errors.ts';
import { parsePid } from '../protocol/identity/pid.ts';
import {
  CLOCK_SKEW_MS_MAX,
  HOPS_DEFAULT,
  HOPS_MAX,
  ORDER_LIFE_MS_MAX,
  PATHS_DEFAULT,
  PREPARE_MS_MAX,
  ROUTES_MAX,
} from '../protocol/limits.ts';
import { addons } from './addons.ts';
import { audit } from './audit.ts';
import { clearing } from './clearing.ts';
import { events } from './events.ts';
import { hub, memberships } from './hub.ts';
import { limits } from './limits.ts';
import {
  choice,
  flag,
  list,
  type OptionFacts,
  optionalText,
  optionFacts,
  text,
  whole,
} from './option.ts';
import { publicApi } from './public.ts';
import { sessions } from './sessions.ts';

function isMultiaddr(given: string): boolean {
  try {
    multiaddr(given);
    return true;
  } catch {
    return false;
  }
}

function isBootstrapAddress(given: string): boolean {
  return /\/p2p\/[^/]+$/.test(given) && isMultiaddr(given);
}

function isPid(given: string): boolean {
  try {
    parsePid(given);
    return true;
  } catch (error) {
    if (error instanceof GeoError) return false;
    throw error;
  }
}

// The API's token crosses this socket in clear text, so it must not leave the machine.
function isLoopback(given: string): boolean {
  return given === 'localhost' || given === '::1' || /^127(\.\d{1,3}){3}$/.test(given);
}

/** The options without a section. */
const addresses = {
  listen: list(
    ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws'],
    32,
    isMultiaddr,
    'a multiaddr with tcp, or tcp and ws',
    'Addresses to accept peers on. Port 0 takes any free port; name a port if peers keep your address.',
  ),
  announce: list(
    [],
    32,
    isMultiaddr,
    'a multiaddr',
    'Addresses to tell others instead of the listening ones: behind a port forward or a proxy. Empty: what is listened on.',
  ),
  bootstrap: list(
    [],
    64,
    isBootstrapAddress,
    'a multiaddr that ends in /p2p/PEER_ID',
    'Peers to dial at the start, by which the others are found. Empty: only contacts and mDNS.',
  ),
};

const api = z.strictObject({
  host: text(
    '127.0.0.1',
    isLoopback,
    'a loopback address (127.x.x.x, ::1, localhost)',
    'Where the local HTTP API listens. Its token travels unencrypted, so no other address is accepted.',
  ),
  port: whole(
    { default: 0, min: 0, max: 65_535 },
    'Port of the local HTTP API; 0 takes any free one. The CLI finds it in `<home>/api.json`.',
  ),
  open_metrics: flag(false, 'Give `/metrics` to everybody on this machine, without the token.'),
});

const log = z.strictObject({
  level: choice(
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
    'The least important lines that are still written (stderr).',
  ),
  pretty: flag(false, 'Lines for people instead of one JSON object per line.'),
  file: flag(false, 'Write to `<home>/node.log` instead of stderr.'),
});

const network = z.strictObject({
  dht: flag(true, 'Take part in the Kademlia DHT: peers are found by PID alone.'),
  mdns: flag(true, 'Find peers on the local network.'),
  relay_client: flag(true, 'Be reachable through a relay when no own address is.'),
  relay_server: choice(
    ['hub', 'always', 'never'],
    'hub',
    'Relay connections of others: as the hub of a community, always, or never. So members whose own address nobody can reach are reached through their hub. Costs bandwidth; works on public addresses.',
  ),
  autonat: flag(true, 'Ask peers whether own addresses can be reached from outside.'),
  dcutr: flag(true, 'Turn a relayed connection into a direct one when both sides can.'),
  preshared_key_file: optionalText(
    (path) => path.length > 0 && !path.includes('\0'),
    'a path, relative to the home directory',
    'Key of a private network: only nodes with the same key can connect. Null: the open network.',
  ),
  allow: list(
    [],
    10_000,
    isPid,
    'a PID',
    'If not empty, only these participants may connect; everyone else is refused after the handshake.',
  ),
  deny: list([], 10_000, isPid, 'a PID', 'Participants that are refused after the handshake.'),
});

const payments = z.strictObject({
  max_hops: whole(
    { default: HOPS_DEFAULT, min: 1, max: HOPS_MAX },
    'Hops of a route, unless the payment says otherwise.',
  ),
  max_paths: whole(
    { default: PATHS_DEFAULT, min: 1, max: ROUTES_MAX },
    'Routes of a payment, unless it says otherwise.',
  ),
  order_life_ms: whole(
    { default: 120_000, min: 1_000, max: ORDER_LIFE_MS_MAX },
    'From an order to its expiry. No attempt starts after it.',
  ),
  prepare_ms: whole(
    { default: 5_000, min: 100, max: PREPARE_MS_MAX },
    'From the start of an attempt to its `prepare_by`. The coordinator aborts what is not voted by then.',
  ),
  grace_ms: whole(
    { default: 1_000, min: 0, max: 60_000 },
    'How long after `prepare_by` a voter in doubt waits before it asks for the outcome.',
  ),
  retry_ms: whole(
    { default: 2_000, min: 50, max: 600_000 },
    'Between two rounds of asking or telling the other voters an outcome. Grows with each round.',
  ),
  by_hub: flag(
    false,
    'Have the hub carry out own payments in what its community counts in, unless the payment says otherwise. It sees more of the community, and whom you pay.',
  ),
  attempts_max: whole(
    { default: 5, min: 1, max: 100 },
    'Attempts of one order, each round the edge that refused the last. Then the payment is refused.',
  ),
  clock_skew_ms: whole(
    { default: 60_000, min: 0, max: CLOCK_SKEW_MS_MAX },
    "How far another node's clock may be off. An order from farther in the future is refused.",
  ),
});

const routes = z.strictObject({
  query_timeout_ms: whole(
    { default: 1_500, min: 20, max: 60_000 },
    'How long to wait for the answers of neighbours. What has come by then is used.',
  ),
  query_budget: whole(
    { default: 256, min: 1, max: 100_000 },
    'Messages that one search may cause at this node. Then it works with what it knows.',
  ),
  hub_silence_ms: whole(
    { default: 30_000, min: 0, max: 3_600_000 },
    'How long a hub that did not answer is not asked for routes again.',
  ),
  search_ms: whole(
    { default: 250, min: 1, max: 60_000 },
    'In a hub: how long one search in its index may take. Then it is ended with what it has found, and says that it does not know the rest.',
  ),
  hop_weight_percent: whole(
    { default: 100, min: 0, max: 10_000 },
    'In a hub: what a hop costs beside the debt that it adds, in percent of the amount. With 100 a longer way is taken where it leaves less debt; from 300 on nearly always the shortest.',
  ),
  cache_ms: whole(
    { default: 3_000, min: 0, max: 600_000 },
    'How long an answer is used again. Older ones are asked anew; 0 asks every time.',
  ),
});

const edges = z.strictObject({
  compare_ms: whole(
    { default: 300_000, min: 1_000, max: 24 * 3_600_000 },
    'Between two comparisons of all quiet edges with their other ends. Books are compared after each connect as well.',
  ),
  statement_every: whole(
    { default: 1_000, min: 1, max: 1_000_000 },
    'Payments on an edge from one statement that both ends sign to the next. Histories are compared from the newest one on.',
  ),
});

const outbox = z.strictObject({
  retry_min_ms: whole(
    { default: 500, min: 10, max: 600_000 },
    'First wait for an acknowledgement. Doubles with each repeat.',
  ),
  retry_max_ms: whole(
    { default: 60_000, min: 10, max: 24 * 3_600_000 },
    'Longest wait between two repeats. A message is repeated until it is acknowledged.',
  ),
});

const commit = z.strictObject({
  batch_turns_max: whole(
    { default: 128, min: 1, max: 10_000 },
    'Turns written together by one synced batch. 1 gives every turn its own write.',
  ),
});

const sections = {
  api,
  public: publicApi,
  log,
  network,
  limits,
  payments,
  clearing,
  routes,
  edges,
  outbox,
  commit,
  events,
  sessions,
  audit,
  hub,
  memberships,
  addons,
};

export const NodeConfig = z.strictObject({
  ...addresses,
  api: api.prefault({}),
  public: publicApi.prefault({}),
  log: log.prefault({}),
  network: network.prefault({}),
  limits: limits.prefault({}),
  payments: payments.prefault({}),
  clearing: clearing.prefault({}),
  routes: routes.prefault({}),
  edges: edges.prefault({}),
  outbox: outbox.prefault({}),
  commit: commit.prefault({}),
  events: events.prefault({}),
  sessions: sessions.prefault({}),
  audit: audit.prefault({}),
  hub: hub.prefault({}),
  memberships: memberships.prefault({}),
  addons: addons.prefault({}),
});
export type NodeConfig = z.infer<typeof NodeConfig>;

/** What the sections are for, in the order of the reference page. */
export const SECTION_TITLES: Readonly<Record<'' | keyof typeof sections, string>> = {
  '': 'Addresses',
  api: 'Local API',
  public: 'Public API',
  log: 'Log',
  network: 'Network',
  limits: 'Limits for peers',
  payments: 'Payments',
  clearing: 'Clearing',
  routes: 'Routes',
  edges: 'Edges',
  outbox: 'Outbox',
  commit: 'Group commit',
  events: 'Events',
  sessions: 'Signing in',
  audit: 'Audit',
  hub: 'Hub of a community',
  memberships: 'Membership in communities',
  addons: 'Add-ons',
};

export interface Option extends OptionFacts {
  /** As in `--set` and in the file: `limits.unknown_peers`, or `listen` for one without a section. */
  readonly key: string;
  readonly section: keyof typeof SECTION_TITLES;
  readonly name: string;
  /** Name of the environment variable. */
  readonly environment: string;
  readonly default: unknown;
  readonly schema: z.ZodDefault;
}

function option(section: Option['section'], name: string, schema: z.ZodDefault): Option {
  const key = section === '' ? name : `${section}.${name}`;
  const facts = optionFacts.get(schema);
  if (facts === undefined) throw new Error(`config/node.ts: ${key} was not made by option.ts`);
  return {
    ...facts,
    key,
    section,
    name,
    environment: `GEO_${key.replace('.', '_').toUpperCase()}`,
    default: schema.parse(undefined),
    schema,
  };
}

/** Every option, in the order of this file. */
export const OPTIONS: readonly Option[] = [
  ...Object.entries(addresses).map(([name, schema]) => option('', name, schema)),
  ...Object.entries(sections).flatMap(([section, { shape }]) =>
    Object.entries(shape).map(([name, schema]) =>
      option(section as keyof typeof sections, name, schema),
    ),
  ),
];

/** The unit of an option, read from its name; empty if it has none. */
export function unitOf(name: string): string {
  const rate = /^(.*)_per_s(_|$)/.exec(name);
  if (rate !== null) return `${rate[1]?.replaceAll('_', ' ')} per second`;
  if (/(^|_)bytes(_|$)/.test(name)) return 'bytes';
  return /_ms(_|$)/.test(name) ? 'milliseconds' : '';
}

/** What must hold between options, each lawful by itself. */
export const CONFIG_RULES: readonly {
  readonly keys: readonly string[];
  readonly sentence: string;
  readonly holds: (config: NodeConfig) => boolean;
}[] = [
  {
    keys: ['outbox.retry_min_ms', 'outbox.retry_max_ms'],
    sentence: 'retry_min_ms must not be above retry_max_ms',
    holds: ({ outbox }) => outbox.retry_min_ms <= outbox.retry_max_ms,
  },
  {
    keys: ['limits.queue_bytes_per_peer', 'limits.queue_bytes'],
    sentence: 'queue_bytes_per_peer must not be above queue_bytes',
    holds: ({ limits }) => limits.queue_bytes_per_peer <= limits.queue_bytes,
  },
  {
    keys: ['payments.prepare_ms', 'payments.order_life_ms'],
    sentence: 'prepare_ms must not be above order_life_ms, or no attempt fits into an order',
    holds: ({ payments }) => payments.prepare_ms <= payments.order_life_ms,
  },
  {
    keys: ['sessions.access_ms', 'sessions.refresh_ms'],
    sentence: 'access_ms must not be above refresh_ms',
    holds: ({ sessions }) => sessions.access_ms <= sessions.refresh_ms,
  },
  {
    keys: ['public.certificate_file', 'public.key_file'],
    sentence: 'certificate_file and key_file belong together: name both, or none',
    holds: (config) =>
      (config.public.certificate_file === null) === (config.public.key_file === null),
  },
  {
    keys: ['public.host', 'public.certificate_file'],
    sentence: 'tokens would travel unencrypted: name a certificate_file, or listen on loopback',
    holds: (config) => config.public.certificate_file !== null || isLoopback(config.public.host),
  },
  {
    keys: ['network.allow', 'network.deny'],
    sentence: 'a participant stands in both lists: take it out of one',
    holds: ({ network }) => !network.allow.some((pid) => network.deny.includes(pid)),
  },
];
