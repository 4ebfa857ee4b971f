/** Manifests that hold together, with all that follows from their bytes, and manifests that do not. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Effect, effectsOf, hopsOf } from '../../protocol/ledger/effects.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import type { AgentGrant } from '../../protocol/wire/messages/agent.ts';
import type { Manifest, Order } from '../../protocol/wire/messages/payment.ts';
import * as c from './clearing-world.ts';
import * as w from './messages-world.ts';

export interface ManifestCase {
  readonly name: string;
  readonly bytes: string;
  readonly valid: boolean;
  /** Empty if valid; otherwise the `why` of the refusal `bad_manifest`. */
  readonly reason: string;
  /** In valid ones: what voters sign, which order it carries out, and what it does to each edge. */
  readonly hash?: string;
  readonly tx?: string;
  readonly effects?: readonly {
    readonly debtor: string;
    readonly creditor: string;
    readonly units: string;
  }[];
}

/** As it comes out of the hops by adding and cancelling, in the order of the routes. */
function effectRows(effects: readonly Effect[]): NonNullable<ManifestCase['effects']> {
  return effects.map(({ edge, change }) =>
    change > 0n
      ? { debtor: edge.high, creditor: edge.low, units: change.toString() }
      : { debtor: edge.low, creditor: edge.high, units: (-change).toString() },
  );
}

function valid(name: string, manifest: Manifest): ManifestCase {
  const routes = manifest.routes.map(({ path, amount }) => ({
    amount,
    path: path.map((i) => manifest.participants[i]!),
  }));
  const { tx, manifest: hash } =
    manifest.kind === 'payment' ? w.aboutOf(manifest) : c.aboutOf(manifest);
  return {
    name,
    bytes: bytesToHex(encodeManifest(manifest)),
    valid: true,
    reason: '',
    hash,
    tx,
    effects: effectRows(effectsOf(hopsOf(routes), w.UAH)),
  };
}

function refused(name: string, reason: string, change: Partial<Manifest>): ManifestCase {
  const bytes = bytesToHex(encodeManifest({ ...w.MANIFEST, ...change }));
  return { name, bytes, valid: false, reason };
}

function ordered(change: Partial<Order>): Partial<Manifest> {
  return { order: w.sealBy(w.anna, 'PAYMENT_REQUEST', { ...w.ORDER, ...change }) };
}

/** Eve votes for Carol by a grant with one thing wrong. */
function granted(change: Partial<AgentGrant>): Partial<Manifest> {
  const grant = w.sealBy(w.carol, 'AGENT_GRANT', { ...w.GRANT, ...change });
  return { ...w.HOSTED_MANIFEST, grants: [grant] };
}

function notClearing(name: string, reason: string, change: Partial<Manifest>): ManifestCase {
  const bytes = bytesToHex(encodeManifest({ ...c.CLEARING, ...change }));
  return { name: `a clearing ${name}`, bytes, valid: false, reason };
}

const { consents: _, ...clearingWithoutConsents } = c.CLEARING;
const { participants, agents, voters } = w.MANIFEST;
const direct = {
  participants: [w.anna.pid, w.dave.pid],
  agents: [1, 0],
  voters: [w.dave.key, w.anna.key],
  routes: [{ path: [0, 1], amount: 4250n }],
};
/** Bob and Carol both ways: 1 against 2, and 4249 past them. */
const crossing = {
  participants: [w.anna.pid, w.bob.pid, w.carol.pid, w.dave.pid],
  agents: [3, 0, 1, 2],
  routes: [
    { path: [0, 1, 2, 3], amount: 2000n },
    { path: [0, 2, 1, 3], amount: 2250n },
  ],
};

export function manifestCases(): ManifestCase[] {
  return [
    valid('two routes', w.MANIFEST),
    valid('one hop', { ...w.MANIFEST, ...direct }),
    valid('two routes over one edge, in opposite directions', { ...w.MANIFEST, ...crossing }),
    valid('two routes over one edge that cancel', {
      ...w.MANIFEST,
      ...crossing,
      routes: crossing.routes.map(({ path }) => ({ path, amount: 2125n })),
    }),
    valid('an agent by grant', w.HOSTED_MANIFEST),
    refused('an agent without a grant', 'agents', { voters: w.HOSTED_MANIFEST.voters }),
    refused(
      'a grant to another agent than the one that votes',
      'agents',
      granted({ agent_key: w.bob.key }),
    ),
    refused(
      'a grant that ends before the order',
      'grants',
      granted({ expires: w.ORDER.expires - 1 }),
    ),
    refused(
      'a grant that does not let the agent carry',
      'grants',
      granted({ scope: { pay: true, carry: false, clear: true } }),
    ),
    refused('a grant that nobody needs', 'grants', { grants: [w.SIGNED_GRANT] }),
    refused('a grant twice', 'grants', {
      ...w.HOSTED_MANIFEST,
      grants: [w.SIGNED_GRANT, w.SIGNED_GRANT],
    }),
    valid('a clearing, with a consent', c.CLEARING),
    valid('a clearing of all that was proposed, which nobody had to be asked about', {
      ...clearingWithoutConsents,
      routes: [{ path: [0, 1, 2, 0], amount: 1500n }],
    }),
    valid('a chain that is shortened', c.SHORTENING),
    notClearing('of more than was proposed', 'routes', {
      routes: [{ path: [0, 1, 2, 0], amount: 1501n }],
    }),
    notClearing('with its debts', 'routes', { routes: [{ path: [0, 2, 1, 0], amount: 1n }] }),
    notClearing('that does not close', 'routes', { routes: [{ path: [0, 1, 2], amount: 1n }] }),
    notClearing('that begins elsewhere', 'routes', {
      routes: [{ path: [1, 2, 0, 1], amount: 1n }],
    }),
    notClearing('of two routes', 'routes', {
      routes: Array(2).fill({ path: [0, 1, 2, 0], amount: 1n }),
    }),
    notClearing('of a cycle that passes somebody twice', 'cycle', {
      order: w.sealBy(w.anna, 'CLEARING_PROPOSE', {
        ...c.PROPOSAL,
        cycle: [w.anna.pid, w.bob.pid, w.carol.pid, w.bob.pid],
      }),
    }),
    notClearing('with another coordinator than signed the proposal', 'coordinator', {
      voters: [w.anna.key, w.carol.key, w.bob.key],
      agents: [0, 1, 2],
    }),
    refused('a payment with consents', 'consents', { consents: c.CLEARING.consents! }),
    refused('routes that add up to less', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [0, 3, 2], amount: 2249n }],
    }),
    refused('routes that add up to more', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [0, 3, 2], amount: 2251n }],
    }),
    refused('a path from another payer', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [3, 2], amount: 2250n }],
    }),
    refused('a path to another payee', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [0, 3], amount: 2250n }],
    }),
    refused('a path that meets someone twice', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [0, 3, 1, 3, 2], amount: 2250n }],
    }),
    refused('a path through nobody', 'routes', {
      routes: [w.MANIFEST.routes[0]!, { path: [0, 4, 2], amount: 2250n }],
    }),
    refused('a hop more than the order allows', 'routes', ordered({ max_hops: 1 })),
    refused('a route more than the order allows', 'routes', ordered({ max_paths: 1 })),
    refused('a participant that the order avoids', 'routes', ordered({ avoid: [w.bob.pid] })),
    refused('payer and payee the same', 'payee', ordered({ payee: w.anna.pid })),
    refused('another coordinator than the order names', 'coordinator', {
      voters: [w.anna.key, w.bob.key, w.carol.key, w.dave.key],
      agents: [0, 1, 3, 2],
    }),
    refused('a participant twice', 'participants', {
      participants: [...participants, w.bob.pid],
      agents: [...agents, 0],
    }),
    refused('a participant on no route', 'participants', {
      participants: [...participants, w.eve.pid],
      voters: [w.bob.key, w.carol.key, w.dave.key, w.eve.key, w.anna.key],
      agents: [4, 0, 2, 1, 3],
    }),
    refused('an agent too few', 'agents', { agents: agents.slice(1) }),
    refused('an agent that is no voter', 'agents', { agents: [3, 0, 2, 4] }),
    refused('an agent with another key than its participant', 'agents', { agents: [3, 1, 2, 0] }),
    refused('a voter twice', 'voters', { voters: [w.bob.key, ...voters] }),
    refused('a voter who is nobody’s agent', 'voters', {
      voters: [w.eve.key, ...voters],
      agents: agents.map((agent) => agent + 1),
    }),
  ];
}
