/**
 * An oracle for small communities, by brute force: what could be paid, over which routes. It shares
 * no code with the node's routing. Balances are kept, so that payments can be carried out in turn.
 */
import type {
  Community,
  CommunityLine,
  PaymentPlan,
} from '../../../simulations/community/community.ts';

const HOPS_MAX = 6;
const ROUTES_MAX = 3;

interface Hop {
  readonly from: string;
  readonly to: string;
  readonly capacity: bigint;
}

export interface Route {
  readonly path: readonly string[];
  readonly amount: bigint;
}

export class LawfulFlow {
  readonly #community: Community;
  readonly #frozen: ReadonlySet<string>;
  /** `debtor/creditor/equivalent` to what is owed; negative the other way round. */
  readonly #debts = new Map<string, bigint>();
  readonly #usedToday = new Map<CommunityLine, bigint>();

  constructor(community: Community) {
    this.#community = community;
    const frozen = community.participants.filter((person) => person.participation === 'frozen');
    this.#frozen = new Set(frozen.map((person) => person.id));
  }

  /** The hops that a payment may take now: status, limits, daily limits, policies. */
  hops(payment: PaymentPlan): Hop[] {
    return this.#community.trustLines.flatMap((line) => {
      const { from: creditor, to: debtor, policy } = line;
      if (line.equivalent !== payment.equivalent) return [];
      if (this.#frozen.has(creditor) || this.#frozen.has(debtor)) return [];
      if (creditor !== payment.to && !policy.can_be_intermediate) return [];
      const blocked = policy.blocked_participants;
      if (blocked.includes(payment.from) || blocked.includes(payment.to)) return [];
      const owed = this.#debt(debtor, creditor, line.equivalent);
      let capacity = line.limit - owed;
      if (policy.daily_limit !== null) {
        const left = policy.daily_limit - (this.#usedToday.get(line) ?? 0n);
        const repaid = owed < 0n ? -owed : 0n;
        if (left + repaid < capacity) capacity = left + repaid;
      }
      return capacity > 0n ? [{ from: debtor, to: creditor, capacity }] : [];
    });
  }

  /** Every simple route with what it can carry alone, shortest first. */
  routes(payment: PaymentPlan): Route[] {
    const onward = Map.groupBy(this.hops(payment), (hop) => hop.from);
    const blocked = this.#blockedByHop(payment);
    const found: Route[] = [];
    const walk = (path: string[], amount: bigint): void => {
      const last = path.at(-1) ?? '';
      if (last === payment.to) found.push({ path: [...path], amount });
      else if (path.length <= HOPS_MAX) {
        for (const { to, capacity } of onward.get(last) ?? []) {
          if (path.includes(to)) continue;
          walk([...path, to], capacity < amount ? capacity : amount);
        }
      }
    };
    walk([payment.from], 2n ** 63n);
    return found
      .filter(({ path }) => !blocked.some((hop) => crosses(path, hop)))
      .sort((a, b) => a.path.length - b.path.length || (a.amount < b.amount ? 1 : -1));
  }

  /** Lines on which someone is blocked, so that a route over both the line and that person is out. */
  #blockedByHop(payment: PaymentPlan): { from: string; to: string; blocked: readonly string[] }[] {
    return this.#community.trustLines
      .filter((line) => line.equivalent === payment.equivalent)
      .filter((line) => line.policy.blocked_participants.length > 0)
      .map((line) => ({
        from: line.to,
        to: line.from,
        blocked: line.policy.blocked_participants,
      }));
  }

  /** Routes that together carry the whole amount, or nothing. */
  split(payment: PaymentPlan): Route[] | undefined {
    const left = new Map(this.hops(payment).map((hop) => [`${hop.from}/${hop.to}`, hop.capacity]));
    const chosen: Route[] = [];
    let open = payment.amount;
    for (const { path } of this.routes(payment)) {
      const keys = path.slice(1).map((to, index) => `${path[index]}/${to}`);
      const amount = keys.map((key) => left.get(key) ?? 0n).reduce(least, open);
      if (amount === 0n) continue;
      for (const key of keys) left.set(key, (left.get(key) ?? 0n) - amount);
      chosen.push({ path, amount });
      open -= amount;
      if (open === 0n) return chosen;
      if (chosen.length === ROUTES_MAX) return undefined;
    }
    return undefined;
  }

  /** The largest amount that any number of routes could carry: no payment above it is possible. */
  maxFlow(payment: PaymentPlan): bigint {
    const left = new Map<string, Map<string, bigint>>();
    const add = (from: string, to: string, amount: bigint): void => {
      const row = left.get(from) ?? new Map<string, bigint>();
      row.set(to, (row.get(to) ?? 0n) + amount);
      left.set(from, row);
    };
    for (const hop of this.hops(payment)) add(hop.from, hop.to, hop.capacity);
    for (let flow = 0n; ; ) {
      const previous = new Map<string, string>([[payment.from, '']]);
      for (const node of previous.keys()) {
        for (const [to, amount] of left.get(node) ?? []) {
          if (amount > 0n && !previous.has(to)) previous.set(to, node);
        }
      }
      if (!previous.has(payment.to)) return flow;
      const path = [payment.to];
      while (path[0] !== payment.from) path.unshift(previous.get(path[0] ?? '') ?? '');
      const steps = path.slice(1).map((to, index) => [path[index] ?? '', to] as const);
      const amount = steps
        .map(([from, to]) => left.get(from)?.get(to) ?? 0n)
        .reduce(least, 2n ** 63n);
      for (const [from, to] of steps) {
        add(from, to, -amount);
        add(to, from, amount);
      }
      flow += amount;
    }
  }

  /** Carries a payment out over given routes. */
  apply(payment: PaymentPlan, routes: readonly Route[]): void {
    for (const { path, amount } of routes) {
      for (const [index, creditor] of path.slice(1).entries()) {
        const debtor = path[index] ?? '';
        const line = this.#community.trustLines.find(
          ({ from, to, equivalent }) =>
            from === creditor && to === debtor && equivalent === payment.equivalent,
        );
        const owed = this.#debt(debtor, creditor, payment.equivalent);
        const repaid = least(owed < 0n ? -owed : 0n, amount);
        if (line) this.#usedToday.set(line, (this.#usedToday.get(line) ?? 0n) + amount - repaid);
        this.#debts.set(`${debtor}/${creditor}/${payment.equivalent}`, owed + amount);
        this.#debts.set(`${creditor}/${debtor}/${payment.equivalent}`, -owed - amount);
      }
    }
  }

  #debt(debtor: string, creditor: string, equivalent: string): bigint {
    return this.#debts.get(`${debtor}/${creditor}/${equivalent}`) ?? 0n;
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function crosses(
  path: readonly string[],
  hop: { from: string; to: string; blocked: readonly string[] },
): boolean {
  const uses = path.some((from, index) => from === hop.from && path[index + 1] === hop.to);
  return uses && hop.blocked.some((id) => path.includes(id));
}
