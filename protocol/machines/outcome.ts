/**
 * What the commit machines may ask of the engine. The engine carries out all actions of one step in
 * one durable write and sends only after it (docs/PROTOCOL.md, "Store before you send").
 */
import type { VoterSet } from './evidence.ts';

export type CommitAction =
  /** Reserve the attempt's effects on the own edges. */
  | { readonly do: 'hold' }
  /** End the reservation. */
  | { readonly do: 'release' }
  /** Change the balances by the attempt's effects. */
  | { readonly do: 'apply' }
  /** Draft and sign a statement; its bit is already set in the evidence of the next state. */
  | { readonly do: 'sign'; readonly what: 'yes' | 'no' | 'withdraw' }
  | { readonly do: 'sign'; readonly what: 'applied'; readonly firstHand: boolean }
  /** Send to each voter of the set. What each message carries is in {@link CommitMessage}. */
  | { readonly do: 'send'; readonly message: CommitMessage; readonly to: VoterSet }
  /** R8: someone signed a contradiction, or an aborted attempt had to be honoured. */
  | { readonly do: 'report'; readonly what: 'revived' };

/**
 * - `prepare`: the manifest;
 * - `vote`: the own vote;
 * - `commit`: the certificate, and every `applied` that is held;
 * - `abort`: all evidence;
 * - `applied`: the own `applied`;
 * - `query`: manifest, round and all evidence; asks for the receiver's;
 * - `answer`: stance and all evidence;
 * - `withdraw`: the own WITHDRAW;
 * - `withdraw-request`: manifest and all evidence; asks the receiver to withdraw too.
 */
export type CommitMessage =
  | 'prepare'
  | 'vote'
  | 'commit'
  | 'abort'
  | 'applied'
  | 'query'
  | 'answer'
  | 'withdraw'
  | 'withdraw-request';

/** What a voter says of itself when asked. */
export type Stance = 'open' | 'doubt' | 'withdrawn' | 'committed' | 'aborted';

export interface Outcome<State> {
  readonly state: State;
  readonly actions: readonly CommitAction[];
}
