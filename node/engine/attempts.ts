/**
 * The payment engine of one node: every message, timer and restart that concerns an attempt becomes
 * an event of its commit machine, and the machine's actions become one durable write
 * (docs/PROTOCOL.md, "Payment" and "When someone disappears").
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Hash, Pid, PublicKey } from '../../protocol/identity/pid.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { CLOCK_SKEW_MS_MAX, PREPARE_MS_MAX } from '../../protocol/limits.ts';
import {
  recoverCoordinator,
  refuseUnknown,
  restoreCoordinator,
  startCoordinator,
  stepCoordinator,
} from '../../protocol/machines/coordinator.ts';
import {
  allButCoordinator,
  contradictions,
  isCertificate,
  only,
} from '../../protocol/machines/evidence.ts';
import { type OpenManifest, openManifest } from '../../protocol/machines/manifest.ts';
import type { CommitAction, Outcome } from '../../protocol/machines/outcome.ts';
import {
  acceptPrepare,
  recoverVoter,
  refusePrepare,
  refuseQuery,
  restoreVoter,
  stepVoter,
} from '../../protocol/machines/voter.ts';
import type { EvidenceBundle } from '../../protocol/wire/messages/evidence.ts';
import type {
  PaymentOutcome,
  PaymentPrepare,
  StatusQuery,
  StatusReply,
  WithdrawRequest,
} from '../../protocol/wire/messages/payment.ts';
import type { Contact } from '../../protocol/wire/messages/route.ts';
import type { Signer, VerifySignature } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import { carryOut } from './actions.ts';
import { type Admission, checkPrepare, ownEffects } from './admission.ts';
import {
  type Attempt,
  type CommitState,
  isSettled,
  type StatementKey,
  statementKeys,
} from './attempt.ts';
import { EMPTY_BUNDLE, type Learned, learn } from './statements.ts';
import { nextTimer } from './timers.ts';
import { recordOutcome, recordStart } from './transactions.ts';
import type { Turn } from './turn.ts';

export interface AttemptsContext extends Admission {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly settings: NodeSettings;
  readonly contactOf: (key: PublicKey) => Contact;
  /** May this node say that it has not voted on an unknown manifest? Not while its books may be old. */
  readonly mayJudge: (open: OpenManifest) => boolean;
  /** Called with contacts that a coordinator passed on, before anything is sent to them. */
  readonly rememberContact: (contact: Contact) => void;
  /** A voter signed two things that exclude each other (R8). */
  readonly onContradiction: (turn: Turn, signer: Pid, tx: Hash) => void;
}

interface Stepped {
  readonly evidence?: Learned;
  readonly round?: number;
  readonly refusal?: Refusal;
}

export class Attempts {
  readonly #context: AttemptsContext;
  readonly #live: () => Iterable<Attempt>;

  /** @param live attempts that still have something to do */
  constructor(context: AttemptsContext, live: () => Iterable<Attempt>) {
    this.#context = context;
    this.#live = live;
  }

  /**
   * Coordinator: begins an attempt, holding the own effects.
   * @returns why it cannot begin; then nothing was changed
   */
  start(turn: Turn, open: OpenManifest, note?: Uint8Array): Refusal | undefined {
    const refusal = checkPrepare(turn, open, this.#context, this.#live(), { own: true });
    if (refusal !== undefined) return refusal;
    const outcome = startCoordinator(open.voters.length);
    const attempt = this.#newAttempt(turn, open, outcome.state);
    recordStart(turn, open, this.#context, note);
    this.#finish(turn, undefined, attempt, outcome.actions, new Map(), {}, note);
    return undefined;
  }

  /** PAYMENT_PREPARE: check, hold, vote. */
  prepare(turn: Turn, from: PublicKey, open: OpenManifest, body: PaymentPrepare): void {
    requireChannelOf(from, open.voters.at(-1)!, 'PAYMENT_PREPARE');
    const me = this.#voterIndex(open);
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
    const refusal = checkPrepare(turn, open, this.#context, this.#live(), {
      own: false,
      ...(body.note === undefined ? {} : { note: body.note }),
    });
    const size = open.voters.length;
    const outcome = refusal === undefined ? acceptPrepare(me, size) : refusePrepare(me, size);
    const attempt = this.#newAttempt(turn, open, outcome.state);
    recordStart(turn, open, this.#context, body.note);
    const stepped = refusal === undefined ? {} : { refusal };
    this.#finish(turn, undefined, attempt, outcome.actions, new Map(), stepped);
  }

  /** PAYMENT_COMMIT and PAYMENT_ABORT: evidence that is always answered. */
  outcome(turn: Turn, from: PublicKey, body: PaymentOutcome): void {
    const known = turn.attempt(body.manifest) ?? this.#restore(turn, body.bytes, body.evidence);
    if (known === undefined) return;
    requireVoter(from, known.open);
    this.#evidence(turn, known, body.evidence, from, true);
  }

  /** A single statement (vote, `applied`, WITHDRAW), from its signer or passed on. */
  statement(turn: Turn, from: PublicKey, manifest: Hash, bundle: Partial<EvidenceBundle>): void {
    const known = turn.attempt(manifest);
    if (known === undefined) return;
    requireVoter(from, known.open);
    this.#evidence(turn, known, { ...EMPTY_BUNDLE, ...bundle }, from, false);
  }

  /** STATUS_QUERY (R4). */
  query(turn: Turn, from: PublicKey, body: StatusQuery): void {
    const known = this.#knownOrRefused(turn, from, body, body.round);
    if (known === undefined) return;
    const learned = this.#learn(known, body.evidence);
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
    this.#advance(turn, known, outcome, {
      evidence: learned,
      round: body.round,
      ...timedOut(commit),
    });
  }

  /** WITHDRAW_REQUEST (R5). */
  withdrawRequest(turn: Turn, from: PublicKey, body: WithdrawRequest): void {
    const known = this.#knownOrRefused(turn, from, body, 0);
    if (known === undefined) return;
    const learned = this.#learn(known, body.evidence);
    const asker = known.open.voters.indexOf(from);
    const { evidence } = learned;
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, { type: 'withdraw-request', evidence, from: asker })
        : stepCoordinator(known.commit, { type: 'status-query', evidence, from: asker });
    this.#advance(turn, known, outcome, { evidence: learned, ...timedOut(known.commit) });
  }

  /** STATUS_REPLY: someone's evidence, and where it stands. */
  reply(turn: Turn, from: PublicKey, body: StatusReply): void {
    const known = turn.attempt(body.manifest);
    if (known === undefined) return;
    requireVoter(from, known.open);
    const learned = this.#learn(known, body.evidence);
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
    this.#advance(turn, known, outcome, { evidence: learned });
  }

  timer(turn: Turn, hash: Hash): void {
    const known = turn.attempt(hash);
    if (known === undefined || isSettled(known.commit)) return;
    const later = { ...known, tries: known.tries + 1 };
    const { expires } = known.open.order;
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, { type: 'timer' })
        : stepCoordinator(known.commit, {
            type: turn.now > expires + 2 * CLOCK_SKEW_MS_MAX ? 'expired' : 'timer',
          });
    this.#advance(turn, later, outcome, timedOut(known.commit));
  }

  /** After a restart: what was sent may have been lost with the process. */
  restart(turn: Turn, hash: Hash): void {
    const known = turn.attempt(hash);
    if (known === undefined) return;
    const { commit } = known;
    if (commit.role === 'voter' && commit.phase === 'DOUBT' && commit.round === 0) {
      const actions: CommitAction[] = [{ do: 'send', message: 'vote', to: only(commit.size - 1) }];
      this.#advance(turn, known, { state: commit, actions }, {});
      return;
    }
    this.timer(turn, hash);
  }

  #knownOrRefused(
    turn: Turn,
    from: PublicKey,
    body: WithdrawRequest,
    round: number,
  ): Attempt | undefined {
    const open = openManifest(body.manifest);
    requireVoter(from, open);
    const me = this.#voterIndex(open);
    const known = turn.attempt(open.hash) ?? this.#restore(turn, body.manifest, body.evidence);
    if (known !== undefined) return known;
    // Books that may be older than the vote must not deny it: such a node counts as away.
    if (!this.#context.mayJudge(open)) return undefined;
    // R4: only a node without a record has not voted; it votes NO there and then.
    const size = open.voters.length;
    const asker = open.voters.indexOf(from);
    const outcome: Outcome<CommitState> =
      me === size - 1 ? refuseUnknown(size, asker) : refuseQuery(me, size, asker);
    const attempt = { ...this.#newAttempt(turn, open, outcome.state), effects: [] };
    const refusal: Refusal = {
      code: 'E007',
      fault: 'not_voted_in_time',
      text: 'A voter was asked for the outcome before the manifest had reached it.',
    };
    this.#finish(turn, undefined, attempt, outcome.actions, new Map(), { round, refusal });
    return undefined;
  }

  /**
   * No record, but the own signed YES among the evidence: the record was lost (an old backup, a
   * disk), the vote was not. It is taken up where the evidence stands.
   */
  #restore(
    turn: Turn,
    manifest: Uint8Array | undefined,
    bundle: EvidenceBundle,
  ): Attempt | undefined {
    if (manifest === undefined) return undefined;
    const open = openManifest(manifest);
    const me = this.#voterIndex(open);
    const learned = learn(open, new Map(), bundle, this.#context.verify);
    if ((learned.evidence.yes & only(me)) === 0n) return undefined;
    const own = { ...learned.evidence, withdrawn: 0n, applied: 0n, firstHand: 0n, no: 0n };
    const size = open.voters.length;
    const outcome: Outcome<CommitState> =
      me === size - 1 ? restoreCoordinator(size, own) : restoreVoter(me, size, own);
    const votes = new Map([...learned.fresh].filter(([key]) => key.startsWith('y')));
    const attempt = { ...this.#newAttempt(turn, open, outcome.state), statements: votes };
    recordStart(turn, open, this.#context);
    this.#finish(turn, undefined, attempt, outcome.actions, votes, {});
    return turn.attempt(open.hash);
  }

  /**
   * A receipt from the other end of an edge (EDGE_HISTORY): certificate and first-hand `applied`,
   * checked as if new.
   * @throws GeoError E005 `receipt_incomplete`
   */
  receipt(turn: Turn, open: OpenManifest, bundle: EvidenceBundle): 'known' | 'applied' {
    const known = turn.attempt(open.hash);
    if (known !== undefined) {
      const learned = this.#learn(known, bundle);
      const event = { type: 'evidence' as const, evidence: learned.evidence };
      const outcome =
        known.commit.role === 'voter'
          ? stepVoter(known.commit, event)
          : stepCoordinator(known.commit, event);
      this.#advance(turn, known, outcome, { evidence: learned });
      const now = turn.attempt(open.hash);
      return known.commit.phase !== 'COMMITTED' && now?.commit.phase === 'COMMITTED'
        ? 'applied'
        : 'known';
    }
    const me = this.#voterIndex(open);
    const size = open.voters.length;
    const learned = learn(open, new Map(), bundle, this.#context.verify);
    const { evidence } = learned;
    const proven = (evidence.firstHand & allButCoordinator(size)) !== 0n;
    if (!isCertificate(evidence, size) || !proven) {
      throw new GeoError('E005', 'A receipt does not prove its payment.', {
        fault: 'receipt_incomplete',
      });
    }
    const missing = open.effects.some(
      ({ edge }) =>
        [edge.low, edge.high].some((pid) => this.#context.served(pid)) && !turn.edge(edge),
    );
    if (missing) {
      throw new GeoError('E008', 'A receipt concerns an edge whose lines are not here yet.', {
        fault: 'edge_unknown',
      });
    }
    const outcome: Outcome<CommitState> =
      me === size - 1 ? recoverCoordinator(size, evidence) : recoverVoter(me, size, evidence);
    const attempt = {
      ...this.#newAttempt(turn, open, outcome.state),
      statements: new Map(learned.fresh),
    };
    recordStart(turn, open, this.#context);
    this.#finish(turn, undefined, attempt, outcome.actions, learned.fresh, {});
    return 'applied';
  }

  #evidence(
    turn: Turn,
    known: Attempt,
    bundle: EvidenceBundle,
    from: PublicKey,
    asks: boolean,
  ): void {
    const learned = this.#learn(known, bundle);
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
    this.#advance(turn, known, outcome, { evidence: learned });
  }

  #learn(known: Attempt, bundle: EvidenceBundle): Learned {
    return learn(known.open, known.statements, bundle, this.#context.verify);
  }

  #advance(turn: Turn, before: Attempt, outcome: Outcome<CommitState>, stepped: Stepped): void {
    const fresh = new Map(stepped.evidence?.fresh);
    const refusal = before.refusal ?? refusalOf(stepped);
    const after: Attempt = {
      ...before,
      commit: outcome.state,
      statements: fresh.size === 0 ? before.statements : new Map([...before.statements, ...fresh]),
      ...(refusal === undefined ? {} : { refusal }),
    };
    this.#finish(turn, before, after, outcome.actions, fresh, stepped);
  }

  #finish(
    turn: Turn,
    before: Attempt | undefined,
    after: Attempt,
    actions: readonly CommitAction[],
    fresh: Map<StatementKey, Uint8Array>,
    stepped: Stepped,
    note?: Uint8Array,
  ): void {
    const refusal = after.refusal ?? stepped.refusal;
    const carried = carryOut(turn, after, actions, fresh, {
      signer: this.#context.signer,
      contactOf: this.#context.contactOf,
      round: stepped.round ?? 0,
      ...(refusal === undefined ? {} : { refusal }),
      ...(note === undefined ? {} : { note }),
    });
    if (before !== undefined && sameRecord(before, carried) && fresh.size === 0) return;
    const timed = nextTimer(carried, before, turn.now, this.#context.settings);
    const final = refusal === undefined ? timed : { ...timed, refusal };
    turn.putAttempt(final, fresh, before === undefined);
    recordOutcome(turn, before, final, this.#context);
    this.#reportContradictions(turn, before, final);
  }

  #reportContradictions(turn: Turn, before: Attempt | undefined, after: Attempt): void {
    const was = before === undefined ? 0n : contradictions(before.commit.evidence);
    const found = contradictions(after.commit.evidence) & ~was;
    if (found === 0n) return;
    for (const [i, agent] of after.open.manifest.agents.entries()) {
      if ((found & only(agent)) === 0n) continue;
      this.#context.onContradiction(turn, after.open.manifest.participants[i]!, after.open.tx);
    }
  }

  #newAttempt(turn: Turn, open: OpenManifest, commit: CommitState): Attempt {
    const { settings } = this.#context;
    // A farther `prepare_by` than the protocol allows, or a peer's clock, must not keep a hold alive.
    const wait = Math.min(Math.max(open.manifest.prepare_by - turn.now, 0), PREPARE_MS_MAX);
    const timer = turn.now + wait + (commit.role === 'voter' ? settings.payments.grace_ms : 0);
    return {
      open,
      commit,
      statements: new Map(),
      effects: ownEffects(turn, open, this.#context),
      started: turn.now,
      timer,
      tries: 0,
    };
  }

  #voterIndex(open: OpenManifest): number {
    const me = open.voters.indexOf(this.#context.signer.publicKey);
    if (me >= 0) return me;
    throw new GeoError('E006', 'This node is not a voter of that manifest.', {
      fault: 'not_a_voter',
    });
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

function refusalOf(stepped: Stepped): Refusal | undefined {
  const vote = stepped.evidence?.refusal;
  if (vote === undefined) return undefined;
  return {
    code: (vote.code ?? 'E010') as Refusal['code'],
    fault: vote.fault ?? 'refused',
    text: vote.text ?? 'A voter refused without a reason.',
    ...(vote.hop === undefined ? {} : { hop: vote.hop }),
    ...(vote.available === undefined ? {} : { available: vote.available }),
  };
}

function sameRecord(a: Attempt, b: Attempt): boolean {
  return a.commit === b.commit
    ? a.tries === b.tries
    : JSON.stringify(stateOf(a.commit)) === JSON.stringify(stateOf(b.commit)) &&
        a.tries === b.tries;
}

function stateOf(commit: CommitState): unknown {
  const evidence = statementKeys(commit.evidence, commit.size);
  return commit.role === 'voter'
    ? [commit.phase, evidence, commit.round, String(commit.doubters), commit.coordinatorSpoke]
    : [commit.phase, evidence, String(commit.answered), commit.relayed];
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
