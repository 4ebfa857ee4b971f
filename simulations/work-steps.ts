/** What a simulated community is made of, and what it is asked to do. Participants are named by numbers. */

/** Decimal places of every simulated equivalent. */
export const PRECISION = 2;

export interface LineStep {
  readonly do: 'line';
  readonly from: number;
  readonly to: number;
  readonly equivalent: string;
  /** Smallest units. */
  readonly limit: number;
  readonly policy?: {
    readonly can_be_intermediate?: boolean;
    /** Smallest units; null: none. */
    readonly dailyLimit?: number | null;
    /** Numbers of hosts. */
    readonly blocked?: readonly number[];
    /** Debts on it are cleared without asking. */
    readonly clears?: boolean;
    /** As much of a debt on it one clearing may take, smallest units; null: all of it. */
    readonly clearsAtMost?: number | null;
    /** Debts on it may pass to another creditor, and new ones come from that. */
    readonly shortens?: boolean;
  };
}

export type WorkStep =
  | LineStep
  | {
      readonly do: 'freeze' | 'close';
      readonly from: number;
      readonly to: number;
      readonly equivalent: string;
    }
  | PayStep
  | ClearingStep
  | CommunityStep
  /** The same command once more: the answer may have been lost with the process that gave it. */
  | { readonly do: 'repeat'; readonly payment: number };

export interface PayStep {
  readonly do: 'pay';
  /** Names the payment; also its nonce. */
  readonly payment: number;
  readonly from: number;
  readonly to: number;
  readonly equivalent: string;
  /** Smallest units. */
  readonly amount: number;
  readonly paths: number;
}

export interface Timed<Step> {
  /** Virtual ms since the world began. */
  readonly at: number;
  readonly step: Step;
}

export interface Community {
  /** With a node of their own, and without. */
  readonly participants: number;
  readonly equivalents: readonly string[];
  /** Lines that stand before the first payment. */
  readonly lines: readonly LineStep[];
}

export type ClearingStep =
  /** Proposes to clear some cycle of debts that it is part of at that moment. */
  | {
      readonly do: 'clear';
      readonly by: number;
      readonly equivalent: string;
      /** Which cycle, if there are several. */
      readonly luck: number;
      /** Of the smallest debt; more than all of it is a wish that cannot come true. */
      readonly percent: number;
      /** A chain instead of a cycle. */
      readonly shortens?: boolean;
    }
  /** Says the same to all that waits for this person's word. */
  | { readonly do: 'answer'; readonly host: number; readonly accept: boolean };

export type CommunityStep =
  /** The hub's operator decides about a member. */
  | { readonly do: 'status'; readonly member: number; readonly act: 'suspend' | 'reinstate' }
  /** A member of the hub goes to a node of its own, or comes back. */
  | { readonly do: 'move'; readonly member: number; readonly to: 'home' | 'hub' };
