/** From facts to findings that a person can act on. Pure: everything was looked at before. */
import type { BootstrapFacts, ClockFacts, DiskFacts, Facts, Finding, PortFacts } from './facts.ts';

export interface Check {
  readonly name: string;
  /** A warning may be wanted; a fault keeps the node from its work, or its books from being right. */
  readonly state: 'ok' | 'warning' | 'fault';
  /** What was found and, unless it is ok, what to do. */
  readonly text: string;
}

const NODE_MAJOR_MIN = 24;
/** Below this LevelDB cannot turn its log into a table, and the node stops promising, bytes. */
const FREE_BYTES_MIN = 64 * 1024 ** 2;
/** Below this somebody should make room before it is urgent, bytes. */
const FREE_BYTES_GOOD = 1024 ** 3;

/** One row for each thing that was looked at, in the order in which a person would mend them. */
export function diagnose(facts: Facts): Check[] {
  return [
    program(facts.nodeVersion),
    refusable('key', facts.key, (pid) => ok('key', `${pid}; nobody else can read it.`)),
    refusable('configuration', facts.config, () => ok('configuration', 'Readable and valid.')),
    refusable('disk', facts.disk, disk),
    clock(facts),
    store(facts),
    ...facts.ports.map(port),
    ...bootstrap(facts.bootstrap),
    ...running(facts),
  ];
}

const ok = (name: string, text: string): Check => ({ name, state: 'ok', text });
const warning = (name: string, text: string): Check => ({ name, state: 'warning', text });
const fault = (name: string, text: string): Check => ({ name, state: 'fault', text });

/** Refusals are sentences that say what to do already. */
function refusable<Found>(
  name: string,
  finding: Finding<Found>,
  check: (found: Found) => Check,
): Check {
  return 'found' in finding ? check(finding.found) : fault(name, finding.refused);
}

function program(version: string): Check {
  const major = Number(version.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return ok('Node.js', `Version ${version}.`);
  return fault('Node.js', `Version ${version} is too old: install Node ${NODE_MAJOR_MIN}.`);
}

function disk({ freeBytes, storeBytes }: DiskFacts): Check {
  const text = `${megabytes(freeBytes)} free; the store has ${megabytes(storeBytes)}.`;
  if (freeBytes < FREE_BYTES_MIN) {
    return fault(
      'disk',
      `${text} Make room: without it the node cannot write, and then promises nothing.`,
    );
  }
  // A backup is a copy of the store, and LevelDB rewrites tables beside the old ones.
  if (freeBytes < Math.max(FREE_BYTES_GOOD, storeBytes)) {
    return warning('disk', `${text} Make room for the store to grow.`);
  }
  return ok('disk', text);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)} MiB`;
}

function clock({ clock, config }: Facts): Check {
  const { synchronised, behindMs }: ClockFacts = clock;
  const skewMs = 'found' in config ? config.found.payments.clock_skew_ms : 0;
  if (behindMs > skewMs) {
    return fault(
      'clock',
      `Files of this home are ${Math.round(behindMs / 1_000)} s in the future, so the clock was set back. Set it by the network before the node starts.`,
    );
  }
  if (synchronised === true) return ok('clock', 'Set by the network.');
  const advice = 'have it set by the network (NTP): peers refuse payments of a clock that is off.';
  if (synchronised === false) return warning('clock', `Not set by the network: ${advice}`);
  return warning('clock', `The system does not tell whether something sets it: ${advice}`);
}

function store({ store, running }: Facts): Check {
  if (store !== undefined) {
    return refusable('store', store, () =>
      ok('store', 'Every file is as it was written, and of a version that this program knows.'),
    );
  }
  const state = 'found' in running ? running.found?.status.store : undefined;
  if (state === 'ok') {
    return ok('store', 'The node has it open. Its files are checked while the node is stopped.');
  }
  return fault('store', `The node cannot use it: ${state ?? 'it does not say why'}. See its log.`);
}

function port({ option, address, state, errno }: PortFacts): Check {
  const name = option === 'listen' ? 'port for peers' : 'port of the API';
  if (state === 'free') return ok(name, `${address} is free.`);
  if (state === 'own') return ok(name, `${address} is held by this node.`);
  if (state === 'taken') {
    return fault(
      name,
      `${address} is taken by another program: stop that one, or change ${option}.`,
    );
  }
  return fault(
    name,
    `${address} cannot be opened by this account (${errno}): choose an address of this machine and a port above 1023 for ${option}.`,
  );
}

function bootstrap(nodes: readonly BootstrapFacts[]): Check[] {
  if (nodes.length === 0) return [];
  const away = nodes.filter(({ reachable }) => !reachable).map(({ address }) => address);
  const text = `${nodes.length - away.length} of ${nodes.length} answer.`;
  if (away.length === 0) return [ok('bootstrap', text)];
  const advice = `${text} Check the network, the firewall and whether these are still there: ${away.join(' ')}`;
  return [(away.length === nodes.length ? fault : warning)('bootstrap', advice)];
}

function running({ running: finding }: Facts): Check[] {
  if ('refused' in finding) return [fault('node', finding.refused)];
  if (finding.found === null) {
    return [
      warning(
        'node',
        'It does not run, so peers and invariants were not checked. Start it: `geo start`.',
      ),
    ];
  }
  const { status, invariants } = finding.found;
  const broken = invariants.filter(({ held }) => !held);
  return [
    ok('node', `Runs since ${status.started}, version ${status.version}.`),
    status.peers_connected > 0 || status.edges === 0
      ? ok('peers', `${status.peers_connected} connected.`)
      : warning(
          'peers',
          'None is connected, so nobody can be paid. Check network, announced address and firewall; see `geo peers`.',
        ),
    status.edges_disputed === 0
      ? ok('edges', `${status.edges} edges, none in dispute.`)
      : fault(
          'edges',
          `${status.edges_disputed} of ${status.edges} edges are frozen for a dispute. See \`geo history --type alert\`, then \`geo edge show\`.`,
        ),
    broken.length === 0
      ? ok('invariants', `All ${invariants.length} hold.`)
      : fault(
          'invariants',
          `Make a backup now, and do not delete the old ones. ${broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`,
        ),
  ];
}
