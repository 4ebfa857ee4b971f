/**
 * The commit engine of one node, for payments and clearings: every message, timer and restart that concerns an attempt becomes
 * an event of its commit machine, and the machine's actions become one durable write
 * (docs/PROTOCOL.md, "Payment" and "When someone disappears").
 */
import { GeoError } from '../../../protocol/errors.ts';
import type { Hash, PublicKey } from '../../../protocol/identity/pid.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import { CLOCK_SKEW_MS_MAX } from '../../../protocol/limits.ts';
import {
  refuseUnknown,
  startCoordinator,
  stepCoordinator,
} from '../../../protocol/machines/coordinator.ts';
import { only } from '../../../protocol/machines/evidence.ts';
import { type OpenManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import type { CommitAction, Outcome } from '../../../protocol/machines/outcome.ts';
import {
  acceptPrepare,
  refusePrepare,
  refuseQuery,
  stepVoter,
} from '../../../protocol/machines/voter.ts';
import { COMMIT_NAMES } from '../../../protocol/wire/commit-names.ts';
import type { ClearingPrepare } from '../../../protocol/wire/messages/clearing.ts';
import type { EvidenceBundle } from '../../../protocol/wire/messages/evidence.ts';
import type {
  PaymentOutcome,
  PaymentPrepare,
  StatusQuery,
  StatusReply,
  WithdrawRequest,
} from '../../../protocol/wire/messages/payment.ts';
import type { Turn } from '../turn.ts';
import { checkPayment, type Occasion } from './admission.ts';
import { type Attempt, type CommitState, isSettled } from './attempt.ts';
import { checkClearing } from './clearing-admission.ts';
import { LostRecords } from './lost-records.ts';
import { EMPTY_BUNDLE } from './statements.ts';
import { AttemptSteps, type AttemptsContext } from './steps.ts';
import { recordStart } from './transactions.ts';

export class Attempts {
  readonly #context: AttemptsContext;
  readonly #live: () => number;
  readonly #steps: AttemptSteps;
  readonly #lost: LostRecords;

  /** @param live how many attempts still have something to do */
  constructor(context: AttemptsContext, live: () => number) {
    this.#context = context;
    this.#live = live;
    this.#steps = new AttemptSteps(context);
    this.#lost = new LostRecords(context, this.#steps);
  }

  /**
   * Coordinator: begins an attempt, holding the own effects.
   * @returns why it cannot begin; then nothing was changed
   */
  start(turn: Turn, open: OpenManifest, note?: Uint8Array): Refusal | undefined {
    const refusal = this.#check(turn, open, { own: true });
    if (refusal !== undefined) return refusal;
    const outcome = startCoordinator(open.voters.length);
    const attempt = this.#steps.begin(turn, open, outcome.state);
    recordStart(turn, open, this.#context, note);
    this.#steps.finish(turn, undefined, attempt, outcome.actions, new Map(), {}, note);
    return undefined;
  }

  /** PAYMENT_PREPARE and CLEARING_PREPARE: check, hold, vote. */
  prepare(
    turn: Turn,
    from: PublicKey,
    open: OpenManifest,
    body: PaymentPrepare | ClearingPrepare,
  ): void {
    requireChannelOf(from, open.voters.at(-1)!, COMMIT_NAMES[open.kind].prepare);
    const note = 'note' in body ? body.note : undefined;
    const me = this.#steps.voterIndex(open);
    for (const contact of body.contacts) {
      if (open.voters.includes(contact[0])) this.#context.rememberContact(contact);
    }
    const known = turn.attempt(open.hash);
    if (known !== undefined) {
      // Repeated: the vote may have been lost on its way.
      this.#evidence(turn, known, EMPTY_BUNDLE, from, true);
      return;
    }
    if (!this.#context.mayJudge(open)) return;
    const refusal = this.#check(turn, open, {
      own: false,
      ...(note === undefined ? {} : { note }),
    });
    if (refusal !== undefined) this.#context.refusals.spend(from, open.bytes.length, turn.now);
    const size = open.voters.length;
    const outcome = refusal === undefined ? acceptPrepare(me, size) : refusePrepare(me, size);
    const attempt = this.#steps.begin(turn, open, outcome.state);
    recordStart(turn, open, this.#context, note);
    const stepped = refusal === undefined ? {} : { refusal };
    this.#steps.finish(turn, undefined, attempt, outcome.actions, new Map(), stepped);
  }

  /** PAYMENT_COMMIT, PAYMENT_ABORT and their twins: evidence that is always answered. */
  outcome(turn: Turn, from: PublicKey, body: PaymentOutcome): void {
    const known =
      turn.attempt(body.manifest) ?? this.#lost.fromOwnVote(turn, body.bytes, body.evidence);
    if (known === undefined || known.inherited) return;
    requireVoter(from, known.open);
    this.#evidence(turn, known, body.evidence, from, true);
  }

  /** A single statement (vote, `applied`, WITHDRAW), from its signer or passed on. */
  statement(turn: Turn, from: PublicKey, manifest: Hash, bundle: Partial<EvidenceBundle>): void {
    const known = turn.attempt(manifest);
    if (known === undefined || known.inherited) return;
    requireVoter(from, known.open);
    this.#evidence(turn, known, { ...EMPTY_BUNDLE, ...bundle }, from, false);
  }

  /** STATUS_QUERY (R4). */
  query(turn: Turn, from: PublicKey, body: StatusQuery): void {
    const known = this.#knownOrRefused(turn, from, body, body.round);
    if (known === undefined) return;
    const learned = this.#steps.learn(known, body.evidence);
    const asker = known.open.voters.indexOf(from);
    const { commit } = known;
    const outcome =
      commit.role === 'voter'
        ? stepVoter(commit, { type: 'evidence', evidence: learned.evidence, answerTo: asker })
        : stepCoordinator(commit, {
            type: 'status-query',
            evidence: learned.evidence,
            from: asker,
          });
    this.#steps.advance(turn, known, outcome, {
      evidence: learned,
      round: body.round,
      ...timedOut(commit),
    });
  }

  /** WITHDRAW_REQUEST (R5). */
  withdrawRequest(turn: Turn, from: PublicKey, body: WithdrawRequest): void {
    const known = this.#knownOrRefused(turn, from, body, 0);
    if (known === undefined) return;
    const learned = this.#steps.learn(known, body.evidence);
    const asker = known.open.voters.indexOf(from);
    const { evidence } = learned;
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, { type: 'withdraw-request', evidence, from: asker })
        : stepCoordinator(known.commit, { type: 'status-query', evidence, from: asker });
    this.#steps.advance(turn, known, outcome, { evidence: learned, ...timedOut(known.commit) });
  }

  /** STATUS_REPLY: someone's evidence, and where it stands. */
  reply(turn: Turn, from: PublicKey, body: StatusReply): void {
    const known = turn.attempt(body.manifest);
    if (known === undefined || known.inherited) return;
    requireVoter(from, known.open);
    const learned = this.#steps.learn(known, body.evidence);
    const event = {
      type: 'status-reply' as const,
      evidence: learned.evidence,
      from: known.open.voters.indexOf(from),
      round: body.round,
      stance: body.stance,
    };
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, event)
        : stepCoordinator(known.commit, event);
    this.#steps.advance(turn, known, outcome, { evidence: learned });
  }

  timer(turn: Turn, hash: Hash): void {
    const known = turn.attempt(hash);
    if (known === undefined || isSettled(known)) return;
    const { expires } = known.open;
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, { type: 'timer' })
        : stepCoordinator(known.commit, {
            type: turn.now > expires + 2 * CLOCK_SKEW_MS_MAX ? 'expired' : 'timer',
          });
    this.#steps.advance(turn, known, outcome, {
      ...timedOut(known.commit),
      tries: known.tries + 1,
    });
  }

  /** After a restart: what was sent may have been lost with the process. */
  restart(turn: Turn, hash: Hash): void {
    const known = turn.attempt(hash);
    if (known === undefined) return;
    const { commit } = known;
    if (commit.role === 'voter' && commit.phase === 'DOUBT' && commit.round === 0) {
      const actions: CommitAction[] = [{ do: 'send', message: 'vote', to: only(commit.size - 1) }];
      this.#steps.advance(turn, known, { state: commit, actions }, {});
      return;
    }
    this.timer(turn, hash);
  }

  /** Books were restored at this time: live attempts that are older may have gone on without them. */
  restored(turn: Turn, hash: Hash, at: number): void {
    const known = turn.attempt(hash);
    if (known !== undefined && known.started <= at) this.#lost.distrust(turn, known);
  }

  /** EDGE_HISTORY: a receipt from the other end of an edge. */
  receipt(turn: Turn, open: OpenManifest, bundle: EvidenceBundle): 'known' | 'applied' {
    return this.#lost.fromReceipt(turn, open, bundle);
  }

  #check(turn: Turn, open: OpenManifest, occasion: Occasion): Refusal | undefined {
    return open.kind === 'payment'
      ? checkPayment(turn, open, this.#context, this.#live(), occasion)
      : checkClearing(turn, open, this.#context, this.#live(), occasion);
  }

  #knownOrRefused(
    turn: Turn,
    from: PublicKey,
    body: WithdrawRequest,
    round: number,
  ): Attempt | undefined {
    const open = openManifest(body.manifest);
    requireVoter(from, open);
    const me = this.#steps.voterIndex(open);
    const known =
      turn.attempt(open.hash) ?? this.#lost.fromOwnVote(turn, body.manifest, body.evidence);
    if (known !== undefined) return known;
    // Books that may be older than the vote must not deny it: such a node counts as away.
    if (!this.#context.mayJudge(open)) return undefined;
    // R4: only a node without a record has not voted; it votes NO there and then.
    this.#context.refusals.spend(from, open.bytes.length, turn.now);
    const size = open.voters.length;
    const asker = open.voters.indexOf(from);
    const outcome: Outcome<CommitState> =
      me === size - 1 ? refuseUnknown(size, asker) : refuseQuery(me, size, asker);
    const attempt = { ...this.#steps.begin(turn, open, outcome.state), effects: [] };
    const refusal: Refusal = {
      code: 'E007',
      fault: 'not_voted_in_time',
      text: 'A voter was asked for the outcome before the manifest had reached it.',
    };
    this.#steps.finish(turn, undefined, attempt, outcome.actions, new Map(), { round, refusal });
    return undefined;
  }

  #evidence(
    turn: Turn,
    known: Attempt,
    bundle: EvidenceBundle,
    from: PublicKey,
    asks: boolean,
  ): void {
    const learned = this.#steps.learn(known, bundle);
    const { commit } = known;
    const sender = known.open.voters.indexOf(from);
    // Who shows us our own `applied` needs no answer: it has heard of us already.
    const mine = commit.role === 'voter' ? only(commit.me) : only(commit.size - 1);
    const answered = (learned.evidence.applied & mine) !== 0n;
    const event = {
      type: 'evidence' as const,
      evidence: learned.evidence,
      ...(asks && !answered ? { answerTo: sender } : {}),
    };
    const outcome =
      commit.role === 'voter' ? stepVoter(commit, event) : stepCoordinator(commit, event);
    this.#steps.advance(turn, known, outcome, { evidence: learned });
  }
}

function timedOut(commit: CommitState): { refusal?: Refusal } {
  if (commit.role !== 'coordinator' || commit.phase !== 'COLLECT') return {};
  return {
    refusal: {
      code: 'E007',
      fault: 'votes_missing',
      text: 'Not everyone on the route answered in time.',
    },
  };
}

function requireChannelOf(from: PublicKey, expected: PublicKey, what: string): void {
  if (from === expected) return;
  throw new GeoError('E006', `A ${what} must come from the coordinator itself.`, {
    fault: 'wrong_sender',
  });
}

function requireVoter(from: PublicKey, open: OpenManifest): void {
  if (open.voters.includes(from)) return;
  throw new GeoError('E006', 'Only a voter of the attempt may speak about it.', {
    fault: 'not_a_voter',
  });
}
