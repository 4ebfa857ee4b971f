/** What a route search is asked and what it answers. Participants are the numbers of a graph. */

export interface RouteQuestion {
  readonly payer: number;
  readonly payee: number;
  /** Smallest unit, 1 .. AMOUNT_MAX. */
  readonly amount: bigint;
  /** 1 .. HOPS_MAX. */
  readonly maxHops: number;
  /** 1 .. ROUTES_MAX. */
  readonly maxPaths: number;
  /** Participants that carry nothing for this payment. */
  readonly avoid?: readonly number[];
  /** Hops `[debtor, creditor]` that carry nothing for this payment, for instance by a line's policy. */
  readonly shut?: readonly (readonly [debtor: number, creditor: number])[];
}

export interface FoundRoute {
  /** Payer first, payee last; nobody twice. */
  readonly path: readonly number[];
  readonly amount: bigint;
}

export interface BindingHop {
  readonly debtor: number;
  readonly creditor: number;
  /** What the hop carries when nothing else uses it. */
  readonly capacity: bigint;
}

/** More than `ceiling` cannot be paid, whatever the way: every way crosses one of these hops. */
export interface Impossible {
  readonly kind: 'impossible';
  readonly ceiling: bigint;
  readonly binding: readonly BindingHop[];
}

/** Why not the whole amount. */
export type Refusal =
  | Impossible
  /** It can be paid, but not so: `paths` paths of up to `hops` hops would do. `binding`: used up. */
  | {
      readonly kind: 'bounds';
      readonly paths: number;
      readonly hops: number;
      readonly binding: readonly BindingHop[];
    }
  /** The search was cancelled, or its steps were used up, before it knew. */
  | { readonly kind: 'unfinished'; readonly binding: readonly BindingHop[] };

export interface RouteAnswer {
  /** At most `maxPaths`; together they keep within every hop's capacity. */
  readonly routes: readonly FoundRoute[];
  /** Sum of the routes: the amount asked, or the most that was found. */
  readonly payable: bigint;
  /** Present if `payable` is less than the amount asked. */
  readonly refusal?: Refusal;
}

export interface SearchSettings {
  /** Cost of a hop beside what it adds to all debts, in units of the amount, ≥ 0. */
  readonly hopWeight: number;
  /** Steps for a cheaper single path once there is one. */
  readonly detourSteps: number;
  /** Steps for the whole question. */
  readonly steps: number;
}

export const SEARCH_DEFAULTS: SearchSettings = {
  hopWeight: 1,
  detourSteps: 20_000,
  steps: 4_000_000,
};
