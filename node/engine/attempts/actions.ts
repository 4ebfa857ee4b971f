/**
 * Carries out what a commit machine decided, within the turn that asked it: edges, statements,
 * messages, the transaction's state (docs/PROTOCOL.md, "Commit rules": one durable write per row).
 */
import { hashToBytes, type PublicKey } from '../../../protocol/identity/pid.ts';
import { applyChange, holdChange, releaseChange } from '../../../protocol/ledger/edge.ts';
import { countDailyUse, directionOf, type Refusal } from '../../../protocol/ledger/reservation.ts';
import { has, members } from '../../../protocol/machines/evidence.ts';
import type { CommitAction, CommitMessage } from '../../../protocol/machines/outcome.ts';
import { COMMIT_NAMES } from '../../../protocol/wire/commit-names.ts';
import { bareFrame, seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { Contact } from '../../../protocol/wire/messages/route.ts';
import type { Signer } from '../../ports.ts';
import { keys } from '../../store/keys.ts';
import type { Turn } from '../turn.ts';
import { type Attempt, myIndex, type StatementKey, stanceOf } from './attempt.ts';
import { ALL_KINDS, bundleOf, COMMIT_KINDS } from './statements.ts';

export interface ActionContext {
  readonly signer: Signer;
  /** Addresses that are known of a voter's node. */
  readonly contactOf: (key: PublicKey) => Contact;
  /** The round that an answer belongs to, as the asker numbered it. */
  readonly round: number;
  /** Why the own vote is NO. */
  readonly refusal?: Refusal;
  /** The note's ciphertext, for the payee's agent. */
  readonly note?: Uint8Array;
}

/** Returns the attempt with the own statements added; `fresh` grows by them. */
export function carryOut(
  turn: Turn,
  attempt: Attempt,
  actions: readonly CommitAction[],
  fresh: Map<StatementKey, Uint8Array>,
  context: ActionContext,
): Attempt {
  let current = attempt;
  const applies = actions.some((action) => action.do === 'apply');
  for (const action of actions) {
    switch (action.do) {
      case 'hold':
        hold(turn, current);
        break;
      case 'release':
        release(turn, current, applies);
        break;
      case 'apply':
        apply(turn, current);
        break;
      case 'sign': {
        const [key, bytes] = sign(current, action, context);
        fresh.set(key, bytes);
        current = { ...current, statements: new Map(current.statements).set(key, bytes) };
        break;
      }
      case 'send':
        send(turn, current, action.message, members(action.to), context);
        break;
      case 'report':
        turn.history({
          type: 'alert',
          text: 'A payment that had been aborted here was proved committed and has been honoured; someone signed two things that exclude each other.',
          tx: current.open.tx,
        });
        turn.notice({
          type: 'alert',
          text: 'an aborted attempt had to be honoured',
          tx: current.open.tx,
        });
        break;
    }
  }
  return current;
}

function hold(turn: Turn, attempt: Attempt): void {
  for (const { edge: id, change, counted, day } of attempt.effects) {
    const edge = holdChange(turn.edge(id)!, change);
    const { creditor } = directionOf(edge, change);
    turn.putEdge(counted > 0n ? countDailyUse(edge, creditor, counted, day) : edge);
  }
}

/** @param applied the attempt committed: what it took of a daily limit stays taken */
function release(turn: Turn, attempt: Attempt, applied: boolean): void {
  for (const { edge: id, change, counted, day } of attempt.effects) {
    const edge = releaseChange(turn.edge(id)!, change);
    const { creditor } = directionOf(edge, change);
    const giveBack = counted > 0n && !applied;
    turn.putEdge(giveBack ? countDailyUse(edge, creditor, -counted, day) : edge);
  }
}

function apply(turn: Turn, attempt: Attempt): void {
  const { tx, attempt: number, hash } = attempt.open;
  for (const { edge: id, change } of attempt.effects) {
    const edge = applyChange(turn.edge(id)!, tx, number, change);
    turn.putEdge(edge);
    turn.put(keys.applied(id, edge.count), hashToBytes(hash));
  }
}

function sign(
  attempt: Attempt,
  action: Extract<CommitAction, { do: 'sign' }>,
  context: ActionContext,
): [StatementKey, Uint8Array] {
  const { tx, attempt: number, hash } = attempt.open;
  const me = myIndex(attempt.commit);
  const { signer } = context;
  const { publicKey } = signer;
  const signBytes = (message: Uint8Array) => signer.sign(message);
  const about = { tx, attempt: number, manifest: hash };
  const names = COMMIT_NAMES[attempt.open.kind];
  switch (action.what) {
    case 'yes':
      return [`y${me}`, seal(names.vote, { ...about, yes: true }, publicKey, signBytes)];
    case 'no': {
      const { refusal } = context;
      const why = refusal && {
        code: refusal.code,
        fault: refusal.fault,
        text: refusal.text,
        ...(refusal.hop === undefined ? {} : { hop: refusal.hop }),
        ...(refusal.available === undefined ? {} : { available: refusal.available }),
      };
      const vote = { ...about, yes: false, ...why };
      return [`n${me}`, seal(names.vote, vote, publicKey, signBytes)];
    }
    case 'withdraw':
      return [`w${me}`, seal('WITHDRAW', about, publicKey, signBytes)];
    case 'applied': {
      if (action.firstHand) {
        const body = { ...about, first_hand: true };
        return [`f${me}`, seal(names.applied, body, publicKey, signBytes)];
      }
      const restsOn = firstHandOfAnother(attempt, me);
      const body = { ...about, first_hand: false, rests_on: restsOn };
      return [`a${me}`, seal(names.applied, body, publicKey, signBytes)];
    }
  }
}

function firstHandOfAnother(attempt: Attempt, me: number): Uint8Array {
  const c = attempt.commit.size - 1;
  for (let i = 0; i < c; i++) {
    const bytes = attempt.statements.get(`f${i}`);
    if (i !== me && bytes !== undefined) return bytes;
  }
  throw new Error('the machine signed a resting `applied` without a first-hand one');
}

function send(
  turn: Turn,
  attempt: Attempt,
  message: CommitMessage,
  to: readonly number[],
  context: ActionContext,
): void {
  const { voters } = attempt.open;
  if (message === 'prepare') {
    sendPrepare(turn, attempt, to, context);
    return;
  }
  const frame = frameFor(attempt, message, context);
  for (const voter of to) turn.send(voters[voter]!, frame);
}

/** Encoded once, whoever receives it. */
function frameFor(
  attempt: Attempt,
  message: Exclude<CommitMessage, 'prepare'>,
  context: ActionContext,
): Uint8Array {
  const { open, commit, statements } = attempt;
  const about = { tx: open.tx, attempt: open.attempt, manifest: open.hash };
  const me = myIndex(commit);
  const names = COMMIT_NAMES[open.kind];
  switch (message) {
    case 'vote':
      return signedFrame(
        names.vote,
        statements.get(has(commit.evidence.no, me) ? `n${me}` : `y${me}`)!,
      );
    case 'applied':
      return signedFrame(names.applied, (statements.get(`f${me}`) ?? statements.get(`a${me}`))!);
    case 'withdraw':
      return signedFrame('WITHDRAW', statements.get(`w${me}`)!);
    case 'commit':
      return bareFrame(names.commit, {
        ...about,
        // Said again, it may meet a voter whose record was lost: with the manifest it can be restored.
        ...(attempt.tries > 0 ? { bytes: open.bytes } : {}),
        evidence: bundleOf(statements, COMMIT_KINDS),
      });
    case 'abort':
      return bareFrame(names.abort, { ...about, evidence: bundleOf(statements, ALL_KINDS) });
    case 'query':
      return bareFrame('STATUS_QUERY', {
        manifest: open.bytes,
        round: commit.role === 'voter' ? commit.round : 0,
        evidence: bundleOf(statements, ALL_KINDS),
      });
    case 'answer':
      return bareFrame('STATUS_REPLY', {
        ...about,
        round: context.round,
        stance: stanceOf(commit),
        evidence: bundleOf(statements, ALL_KINDS),
      });
    case 'withdraw-request':
      return bareFrame('WITHDRAW_REQUEST', {
        manifest: open.bytes,
        evidence: bundleOf(statements, ALL_KINDS),
      });
  }
}

function sendPrepare(
  turn: Turn,
  attempt: Attempt,
  to: readonly number[],
  context: ActionContext,
): void {
  const { open } = attempt;
  const contacts = open.voters.map(context.contactOf);
  const body = { manifest: open.bytes, contacts };
  const plain = bareFrame(COMMIT_NAMES[open.kind].prepare, body);
  const { participants, agents } = open.manifest;
  const payees =
    open.kind === 'payment' ? agents[participants.indexOf(open.order.payee)] : undefined;
  for (const voter of to) {
    const key = open.voters[voter]!;
    const frame =
      voter === payees && context.note !== undefined
        ? bareFrame('PAYMENT_PREPARE', { ...body, note: context.note })
        : plain;
    turn.send(key, frame);
  }
}
