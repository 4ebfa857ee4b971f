/** What is asked of whoever knows routes, and what they answer. */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { RouteRefusal } from '../../protocol/wire/messages/route.ts';
import type { Place } from './neighbour-search.ts';

export interface RouteWish {
  readonly payer: Pid;
  readonly payee: Pid;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
  readonly max_hops: number;
  readonly max_paths: number;
  readonly avoid: readonly Pid[];
}

export interface HubAnswer {
  readonly routes: readonly Route[];
  readonly payable: bigint;
  readonly refusal?: RouteRefusal;
  readonly places: readonly Place[];
}

/** A hop that carries less than it seems to. */
export type ShutHop = readonly [debtor: Pid, creditor: Pid];

/** What a hub finds in its index. */
export type FindInIndex = (
  wish: RouteWish,
  shut: readonly ShutHop[],
) => Omit<HubAnswer, 'places'> | undefined;

/** Who knows more of the community than this node's neighbourhood. */
export interface RouteSources {
  /** The own index, of a hub. */
  readonly index: FindInIndex;
  /** Hubs whose member this node is. */
  readonly hubs: (wish: RouteWish, shut: readonly ShutHop[]) => Promise<HubAnswer | undefined>;
}
