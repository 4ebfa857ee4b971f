/**
 * Attempts whose record this node has lost, with a disk or by coming back from an old backup, but
 * which others can prove: they are taken up again, and nothing that was signed is ever denied
 * (docs/PROTOCOL.md, "Both books of an edge").
 */
import { GeoError } from '../../../protocol/errors.ts';
import { newEdge } from '../../../protocol/ledger/edge.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import {
  recoverCoordinator,
  restoreCoordinator,
  stepCoordinator,
} from '../../../protocol/machines/coordinator.ts';
import {
  allButCoordinator,
  type Evidence,
  isCertificate,
  only,
} from '../../../protocol/machines/evidence.ts';
import { type OpenManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import type { Outcome } from '../../../protocol/machines/outcome.ts';
import { recoverVoter, restoreVoter, stepVoter } from '../../../protocol/machines/voter.ts';
import type { EvidenceBundle } from '../../../protocol/wire/messages/evidence.ts';
import type { Turn } from '../turn.ts';
import type { Attempt, CommitState } from './attempt.ts';
import { inherit, inheritEdges } from './inheritance.ts';
import { learn } from './statements.ts';
import type { AttemptSteps, AttemptsContext } from './steps.ts';
import { recordStart } from './transactions.ts';

export class LostRecords {
  readonly #context: AttemptsContext;
  readonly #steps: AttemptSteps;

  constructor(context: AttemptsContext, steps: AttemptSteps) {
    this.#context = context;
    this.#steps = steps;
  }

  /**
   * No record, but the own signed YES among the evidence: the record was lost (an old backup, a
   * disk), the vote was not. It is taken up where the evidence stands.
   */
  fromOwnVote(
    turn: Turn,
    manifest: Uint8Array | undefined,
    bundle: EvidenceBundle,
  ): Attempt | undefined {
    if (manifest === undefined) return undefined;
    const open = openManifest(manifest);
    // Asked for under another name than its own: a record that exists is never begun anew.
    const known = turn.attempt(open.hash);
    if (known !== undefined) return known;
    const me = this.#steps.voterIndex(open);
    const learned = learn(open, new Map(), bundle, this.#context.verify);
    if ((learned.evidence.yes & only(me)) === 0n) return undefined;
    const own = { ...learned.evidence, withdrawn: 0n, applied: 0n, firstHand: 0n, no: 0n };
    const size = open.voters.length;
    const outcome: Outcome<CommitState> =
      me === size - 1 ? restoreCoordinator(size, own) : restoreVoter(me, size, own);
    const votes = new Map([...learned.fresh].filter(([key]) => key.startsWith('y')));
    const attempt = { ...this.#steps.begin(turn, open, outcome.state), statements: votes };
    recordStart(turn, open, this.#context);
    this.#steps.finish(turn, undefined, attempt, outcome.actions, votes, {});
    return turn.attempt(open.hash);
  }

  /**
   * A live record of before the books were restored: what this node has signed since, it does not
   * know. A voter waits as if it had withdrawn; a coordinator that had not decided forgets the attempt,
   * so that it signs no NO beside a YES, and is taken for away until someone shows it that YES.
   */
  distrust(turn: Turn, known: Attempt): void {
    const { commit, open } = known;
    if (commit.role === 'voter' && commit.phase === 'DOUBT') {
      const { state } = restoreVoter(commit.me, commit.size, commit.evidence);
      this.#steps.advance(turn, known, { state, actions: [] }, {});
    } else if (commit.role === 'coordinator' && commit.phase === 'COLLECT') {
      const ended = { ...commit, phase: 'ABORTED' as const };
      const refusal: Refusal = {
        code: 'E007',
        fault: 'books_restored',
        text: 'These books are older than the outcome. If it was paid, the other end will show it.',
      };
      this.#steps.advance(turn, known, { state: ended, actions: [{ do: 'release' }] }, { refusal });
      turn.forgetAttempt(open.hash);
    }
  }

  /**
   * A receipt from the other end of an edge (EDGE_HISTORY): certificate and first-hand `applied`,
   * checked as if new.
   * @throws GeoError E005 `receipt_incomplete`
   */
  fromReceipt(turn: Turn, open: OpenManifest, bundle: EvidenceBundle): 'known' | 'applied' {
    const known = turn.attempt(open.hash);
    if (known?.commit.phase === 'COMMITTED') {
      return inheritEdges(turn, known, this.#context) ? 'applied' : 'known';
    }
    if (known !== undefined) this.#learnReceipt(turn, known, bundle);
    else this.#beginCommitted(turn, open, bundle);
    const now = turn.attempt(open.hash);
    if (now?.commit.phase !== 'COMMITTED') return 'known';
    inheritEdges(turn, now, this.#context);
    return 'applied';
  }

  #learnReceipt(turn: Turn, known: Attempt, bundle: EvidenceBundle): void {
    const learned = this.#steps.learn(known, bundle);
    const event = { type: 'evidence' as const, evidence: learned.evidence };
    const outcome =
      known.commit.role === 'voter'
        ? stepVoter(known.commit, event)
        : stepCoordinator(known.commit, event);
    this.#steps.advance(turn, known, outcome, { evidence: learned });
  }

  #beginCommitted(turn: Turn, open: OpenManifest, bundle: EvidenceBundle): void {
    const size = open.voters.length;
    const learned = learn(open, new Map(), bundle, this.#context.verify);
    const { evidence } = learned;
    const proven = size === 1 || (evidence.firstHand & allButCoordinator(size)) !== 0n;
    if (!isCertificate(evidence, size) || !proven) {
      throw new GeoError('E005', 'A receipt does not prove its payment.', {
        fault: 'receipt_incomplete',
      });
    }
    const me = open.voters.indexOf(this.#context.signer.publicKey);
    const outcome =
      me < 0 ? inherit(open, evidence, this.#context) : this.#recover(me, size, evidence);
    this.#restoreEdges(turn, open);
    const attempt = {
      ...this.#steps.begin(turn, open, outcome.state),
      statements: new Map(learned.fresh),
      ...(me < 0 ? { inherited: true } : {}),
    };
    recordStart(turn, open, this.#context);
    this.#steps.finish(turn, undefined, attempt, outcome.actions, learned.fresh, {});
  }

  #recover(me: number, size: number, evidence: Evidence): Outcome<CommitState> {
    return me === size - 1 ? recoverCoordinator(size, evidence) : recoverVoter(me, size, evidence);
  }

  /**
   * Edges that were lost with the books: the own YES shows that they were here. Their lines come
   * from their other ends.
   */
  #restoreEdges(turn: Turn, open: OpenManifest): void {
    const { equivalent, precision } = open;
    for (const { edge } of open.effects) {
      const own = this.#context.served(edge.low) || this.#context.served(edge.high);
      if (!own || turn.edge(edge) !== undefined) continue;
      turn.putEdge(newEdge(edge, precision));
      turn.keepEquivalent(equivalent, precision);
      this.#context.onEdgeShown(turn, edge);
    }
  }
}
