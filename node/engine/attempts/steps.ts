/**
 * The steps that every event of an attempt shares: learn its evidence, take over the machine's next
 * state, carry out its actions, store. One durable write per step.
 */
import { GeoError } from '../../../protocol/errors.ts';
import {
  type Hash,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../../protocol/identity/pid.ts';
import type { EdgeId } from '../../../protocol/ledger/edge.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import { PREPARE_MS_MAX } from '../../../protocol/limits.ts';
import { contradictions, only, sameEvidence } from '../../../protocol/machines/evidence.ts';
import type { OpenManifest } from '../../../protocol/machines/manifest.ts';
import type { CommitAction, Outcome } from '../../../protocol/machines/outcome.ts';
import type { EvidenceBundle } from '../../../protocol/wire/messages/evidence.ts';
import type { Contact } from '../../../protocol/wire/messages/route.ts';
import type { Signer, VerifySignature } from '../../ports.ts';
import type { NodeSettings } from '../../settings.ts';
import type { Turn } from '../turn.ts';
import { carryOut } from './actions.ts';
import { type Admission, ownEffects } from './admission.ts';
import type { Attempt, CommitState, StatementKey } from './attempt.ts';
import { noticeHeirs } from './inheritance.ts';
import type { RefusalBudget } from './refusal-budget.ts';
import { type Learned, learn as learnStatements } from './statements.ts';
import { nextTimer } from './timers.ts';
import { recordOutcome } from './transactions.ts';

export interface AttemptsContext extends Admission {
  readonly refusals: RefusalBudget;
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly settings: NodeSettings;
  readonly contactOf: (key: PublicKey) => Contact;
  /** Contacts that only others have told of, and a restart would forget. */
  readonly strangersAmong: (keys: readonly PublicKey[]) => readonly Contact[];
  /** May this node say that it has not voted on an unknown manifest? Not while its books may be old. */
  readonly mayJudge: (open: OpenManifest) => boolean;
  /** Called with contacts that a coordinator passed on, before anything is sent to them. */
  readonly rememberContact: (contact: Contact) => void;
  /** A voter signed two things that exclude each other (R8). */
  readonly onContradiction: (turn: Turn, signer: Pid, tx: Hash) => void;
  /** A receipt has shown an edge that was not known here. */
  readonly onEdgeShown: (turn: Turn, edge: EdgeId) => void;
}

/** What an event brought along. */
export interface Stepped {
  readonly evidence?: Learned;
  readonly round?: number;
  readonly refusal?: Refusal;
  /** Timers that have fired, this one included; a count that moves sets the next timer. */
  readonly tries?: number;
}

export class AttemptSteps {
  readonly #context: AttemptsContext;

  constructor(context: AttemptsContext) {
    this.#context = context;
  }

  learn(known: Attempt, bundle: EvidenceBundle): Learned {
    return learnStatements(known.open, known.statements, bundle, this.#context.verify);
  }

  advance(turn: Turn, before: Attempt, outcome: Outcome<CommitState>, stepped: Stepped): void {
    const fresh = new Map(stepped.evidence?.fresh);
    const refusal = before.refusal ?? refusalOf(stepped);
    const after: Attempt = {
      ...before,
      commit: outcome.state,
      tries: stepped.tries ?? before.tries,
      statements: fresh.size === 0 ? before.statements : new Map([...before.statements, ...fresh]),
      ...(refusal === undefined ? {} : { refusal }),
    };
    this.finish(turn, before, after, outcome.actions, fresh, stepped);
  }

  finish(
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
    turn.putAttempt(final, fresh, before === undefined, () =>
      this.#context.strangersAmong(final.open.voters),
    );
    recordOutcome(turn, before, final, this.#context);
    if (actions.some((action) => action.do === 'apply')) {
      noticeHeirs(turn, final.open, final.effects, this.#context);
    }
    this.#reportContradictions(turn, before, final);
  }

  #reportContradictions(turn: Turn, before: Attempt | undefined, after: Attempt): void {
    const was = before === undefined ? 0n : contradictions(before.commit.evidence);
    const found = contradictions(after.commit.evidence) & ~was;
    if (found === 0n) return;
    for (const [i, voter] of after.open.voters.entries()) {
      if ((found & only(i)) === 0n) continue;
      this.#context.onContradiction(turn, pidFromPublicKey(voter), after.open.tx);
    }
  }

  begin(turn: Turn, open: OpenManifest, commit: CommitState): Attempt {
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

  voterIndex(open: OpenManifest): number {
    const me = open.voters.indexOf(this.#context.signer.publicKey);
    if (me >= 0) return me;
    throw new GeoError('E006', 'This node is not a voter of that manifest.', {
      fault: 'not_a_voter',
    });
  }
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

/** Whether there is nothing new to store. */
function sameRecord(a: Attempt, b: Attempt): boolean {
  return a.tries === b.tries && sameState(a.commit, b.commit);
}

function sameState(a: CommitState, b: CommitState): boolean {
  if (a === b) return true;
  if (a.phase !== b.phase || !sameEvidence(a.evidence, b.evidence)) return false;
  if (a.role === 'voter' && b.role === 'voter') {
    return (
      a.round === b.round && a.doubters === b.doubters && a.coordinatorSpoke === b.coordinatorSpoke
    );
  }
  return (
    a.role === 'coordinator' &&
    b.role === 'coordinator' &&
    a.answered === b.answered &&
    a.relayed === b.relayed
  );
}
