/** What a row of the fault matrix says, and the ways that messages mostly go. */
import type { MessageName } from '../../protocol/wire/message-types.ts';
import type { SCENARIOS } from './scenarios.ts';
import type { Fault, Role } from './stage.ts';

export type Ending =
  | 'paid'
  | 'not paid'
  | 'line in force'
  | 'cleared'
  | 'not cleared'
  /** The payer owes the payee what it owed the middle, and the middle the payee. */
  | 'shortened'
  | 'not shortened'
  /** The hub has taken the payer in, and both know it. */
  | 'member'
  /** The payer is none any more, and both know it. */
  | 'left'
  /** The payer knows what its hub has defined. */
  | 'defined'
  /** The hub has what both ends of the edge have told. */
  | 'reported'
  /** Everyone concerned takes the hub, or the payer itself, for who votes for the payer. */
  | 'represented'
  | 'on its own';
export type Way = `${Role}>${Role}`;

export interface Row {
  readonly scenario: keyof typeof SCENARIOS;
  readonly type: MessageName;
  readonly ways: readonly Way[];
  readonly ends: Ending;
  /** Faults with another ending. */
  readonly but?: Partial<Record<Fault, Ending>>;
  /** Faults that cannot strike here. */
  readonly without?: readonly Fault[];
}

export const TO_VOTERS: readonly Way[] = ['payer>middle', 'payer>payee'];
export const TO_PAYER: readonly Way[] = ['middle>payer', 'payee>payer'];
export const AMONG_VOTERS: readonly Way[] = ['middle>payee', 'payee>middle'];
