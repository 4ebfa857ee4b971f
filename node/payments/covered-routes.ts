/**
 * Routes over participants whose agents may vote for this very payment: a manifest with a grant that
 * ends too early, or does not cover what its participant does, would be refused (docs/PROTOCOL.md, "Agents").
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Order } from '../../protocol/wire/messages/payment.ts';
import type { Agents } from '../engine/agents.ts';
import type { Router, RoutesFound } from '../routing/router.ts';

/** Searches for one attempt, each round somebody more. */
const TRIES_MAX = 8;

export class CoveredRoutes {
  readonly #router: Router;
  readonly #agents: Agents;

  constructor(router: Router, agents: Agents) {
    this.#router = router;
    this.#agents = agents;
  }

  /** @throws GeoError E006 `grant_not_covering`: no other route helps */
  requireEnds({ payer_key: key, payee, expires }: Order): void {
    for (const pid of [pidFromPublicKey(key), payee]) {
      if (this.#agents.covers(pid, 'pay', expires)) continue;
      throw new GeoError(
        'E006',
        `The agent of ${pid} has no grant for this payment, or one that ends before it. Have it renewed.`,
        { fault: 'grant_not_covering' },
      );
    }
  }

  /**
   * Routes round everyone whose agent has no grant to carry this payment; those are added to `avoid`.
   * @returns at once what is at hand; a promise if others have to be asked
   */
  find(order: Order, avoid: Set<Pid>, tries = 1): RoutesFound | Promise<RoutesFound> {
    const payer = pidFromPublicKey(order.payer_key);
    const found = this.#router.routesFor({ ...order, payer, avoid: [...avoid] });
    return found instanceof Promise
      ? found.then((later) => this.#checked(order, avoid, tries, later))
      : this.#checked(order, avoid, tries, found);
  }

  #checked(
    order: Order,
    avoid: Set<Pid>,
    tries: number,
    found: RoutesFound,
  ): RoutesFound | Promise<RoutesFound> {
    const between = found.routes.flatMap(({ path }) => path.slice(1, -1));
    const open = between.filter((pid) => !this.#agents.covers(pid, 'carry', order.expires));
    if (open.length === 0) return found;
    if (tries === TRIES_MAX) return { ...found, routes: [], payable: 0n };
    for (const pid of open) avoid.add(pid);
    return this.find(order, avoid, tries + 1);
  }
}
