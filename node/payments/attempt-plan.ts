/**
 * What a coordinator puts to the vote: an order over certain routes, or a cycle, with everyone's agent
 * (docs/PROTOCOL.md, "Payment" and "Clearing").
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import type { TransactionKind } from '../../protocol/wire/commit-names.ts';
import type { Manifest } from '../../protocol/wire/messages/payment.ts';
import type { Agents } from '../engine/agents.ts';

export interface AttemptPlan {
  readonly kind: TransactionKind;
  /** COSE_Sign1 of the order, or of a clearing's proposal. */
  readonly order: Uint8Array;
  readonly attempt: number;
  readonly routes: readonly Route[];
  /** The coordinator's key. */
  readonly coordinator: PublicKey;
  /** Ms since 1970 UTC. */
  readonly prepareBy: number;
  /** Of a clearing: CLEARING_ACCEPTs, as they were signed. */
  readonly consents?: readonly Uint8Array[];
}

/** @throws GeoError E001 `unknown_key` */
export function manifestOf(plan: AttemptPlan, agents: Agents): Manifest {
  const { kind, order, attempt, routes, coordinator, prepareBy, consents = [] } = plan;
  const participants = [...new Set(routes.flatMap((route) => route.path))];
  const indexOf = new Map(participants.map((pid, i) => [pid, i]));
  const agentOf = participants.map((pid) => agents.agentOf(pid) ?? unknown(pid));
  // The coordinator votes last, on the routes or beside them.
  const voters = [...new Set(agentOf).difference(new Set([coordinator])), coordinator];
  const voterOf = new Map(voters.map((key, i) => [key, i]));
  const grants = participants.flatMap((pid) => agents.grantOf(pid) ?? []);
  return {
    kind,
    order,
    attempt,
    participants,
    agents: agentOf.map((key) => voterOf.get(key)!),
    routes: routes.map(({ path, amount }) => ({
      amount,
      path: path.map((pid) => indexOf.get(pid)!),
    })),
    voters,
    ...(grants.length === 0 ? {} : { grants }),
    ...(consents.length === 0 ? {} : { consents }),
    prepare_by: prepareBy,
  };
}

function unknown(participant: Pid): never {
  throw new GeoError(
    'E001',
    'A participant on the route cannot be reached: its key is not known.',
    { fault: 'unknown_key', participant },
  );
}
