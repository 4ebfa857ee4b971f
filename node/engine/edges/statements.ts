/**
 * The account statement of an edge: the same bytes signed by both ends (docs/PROTOCOL.md, "Both
 * books of an edge"). What either can show a third party, and the point from which histories are
 * compared. Older history is never needed again to compare; its records stay.
 */
import { GeoError } from '../../../protocol/errors.ts';
import { type PublicKey, pidFromPublicKey, pidToHex } from '../../../protocol/identity/pid.ts';
import { type Edge, type EdgeId, edgeKey } from '../../../protocol/ledger/edge.ts';
import { edgeStateOf, sameState } from '../../../protocol/machines/edge-sync.ts';
import { encodeStatement } from '../../../protocol/statement.ts';
import {
  readSigned,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../../protocol/wire/envelope.ts';
import type { EdgeStatement } from '../../../protocol/wire/messages/edge.ts';
import type { Signer, VerifySignature } from '../../ports.ts';
import { keys } from '../../store/keys.ts';
import { decodeRecord, encodeRecord, StatementRecord } from '../../store/records.ts';
import type { Agents } from '../agents.ts';
import type { Turn } from '../turn.ts';

export interface StatementsContext {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly read: (key: string) => Uint8Array | undefined;
  readonly agents: Agents;
  /** Attempts applied on an edge from one statement to the next. */
  readonly every: number;
  /** The other end wants to sign what is not true here: the books have to be compared. */
  readonly onDifferent: (edge: Edge) => void;
}

/** A statement in force. */
export interface CoSigned {
  readonly body: EdgeStatement;
  /** COSE_Sign1 of the same statement by this node and by the other end's agent. */
  readonly mine: Uint8Array;
  readonly theirs: Uint8Array;
}

export class EdgeStatements {
  readonly #context: StatementsContext;

  constructor(context: StatementsContext) {
    this.#context = context;
  }

  /** Time for a new one? Only the lower end proposes by itself, so that proposals seldom cross. */
  isDue(edge: Edge): boolean {
    return (
      this.#context.agents.farEnd(edge) === edge.high &&
      edge.count - edge.base >= this.#context.every
    );
  }

  /** Signs the edge as it stands and asks the other end to do the same. */
  propose(turn: Turn, id: Edge): void {
    const edge = turn.edge(id);
    const { agents } = this.#context;
    const far = edge && agents.farEnd(edge);
    const peer = far && agents.agentOf(far);
    if (edge === undefined || peer === undefined) return;
    const mine = this.#sign({ ...edgeStateOf(edge), made: turn.now });
    turn.put(keys.proposal(edge), encodeRecord(StatementRecord, { mine }));
    turn.send(peer, signedFrame('EDGE_STATEMENT', mine));
  }

  /** EDGE_STATEMENT: a proposal, or the other end's signature under the own one. */
  receive(turn: Turn, from: PublicKey, signed: Unverified<EdgeStatement>): void {
    const { body } = signed;
    const edge = turn.edge(body);
    const far = edge && this.#context.agents.farEnd(edge);
    if (edge === undefined || far === undefined || !this.#context.agents.isAgent(from, far)) {
      throw new GeoError('E006', 'Only the other end of an edge may sign its statement.', {
        fault: 'wrong_sender',
      });
    }
    const inForce = this.newest(edge);
    if (inForce !== undefined && sameStatement(inForce.body, body)) return;
    requireSignedBy(signed, from, this.#context.verify);
    const proposal = this.#proposal(edge);
    if (proposal !== undefined && sameStatement(proposal.body, body)) {
      this.#complete(turn, edge, body.count, proposal.mine, signed.bytes);
      return;
    }
    // Of two that cross the newer one counts, at both ends: it is sent (again), and the other end signs it.
    const own = this.#isTrue(edge, proposal?.body) ? proposal : inForce;
    if (own !== undefined && isNewer(own.body, body)) {
      turn.send(from, signedFrame('EDGE_STATEMENT', own.mine));
      return;
    }
    // Only what is true here and now is signed.
    if (!this.#isTrue(edge, body)) {
      this.#context.onDifferent(edge);
      return;
    }
    const mine = this.#sign(body);
    this.#complete(turn, edge, body.count, mine, signed.bytes);
    turn.send(from, signedFrame('EDGE_STATEMENT', mine));
  }

  /** The newest statement that both have signed. */
  newest(edge: Edge): CoSigned | undefined {
    const value = this.#context.read(keys.statement(edge, edge.base));
    const { mine, theirs } = (value && decodeRecord(StatementRecord, value)) ?? {};
    if (mine === undefined || theirs === undefined) return undefined;
    return { body: readSigned('EDGE_STATEMENT', mine).body, mine, theirs };
  }

  /** The newest statement as a file; undefined if there is none, or the other end's key is not known. */
  fileOf(edge: Edge): Uint8Array | undefined {
    const signed = this.newest(edge);
    const { agents, signer } = this.#context;
    const far = agents.farEnd(edge);
    const theirs = far && agents.agentOf(far);
    if (signed === undefined || theirs === undefined) return undefined;
    // Signed by a former agent: whose key that was is not known any more.
    const { kid } = readSigned('EDGE_STATEMENT', signed.theirs);
    if (kid !== pidToHex(pidFromPublicKey(theirs))) return undefined;
    const grants = { low: agents.grantOf(edge.low), high: agents.grantOf(edge.high) };
    const isLow = edge.high === far;
    return encodeStatement({
      low_key: isLow ? signer.publicKey : theirs,
      high_key: isLow ? theirs : signer.publicKey,
      by_low: isLow ? signed.mine : signed.theirs,
      by_high: isLow ? signed.theirs : signed.mine,
      ...(grants.low === undefined ? {} : { low_grant: grants.low }),
      ...(grants.high === undefined ? {} : { high_grant: grants.high }),
    });
  }

  /** The newest statement, if it says what the edge is now. */
  current(edge: Edge): CoSigned | undefined {
    const newest = this.newest(edge);
    return this.#isTrue(edge, newest?.body) ? newest : undefined;
  }

  #isTrue(edge: Edge, statement: EdgeStatement | undefined): boolean {
    return statement !== undefined && sameState(edgeStateOf(edge), statement);
  }

  /** What this node has signed and the other end has not answered yet. */
  #proposal(id: EdgeId): { body: EdgeStatement; mine: Uint8Array } | undefined {
    const value = this.#context.read(keys.proposal(id));
    if (value === undefined) return undefined;
    const { mine } = decodeRecord(StatementRecord, value);
    return { mine, body: readSigned('EDGE_STATEMENT', mine).body };
  }

  #complete(turn: Turn, edge: Edge, count: number, mine: Uint8Array, theirs: Uint8Array): void {
    turn.del(keys.proposal(edge));
    // An answer that comes after a newer statement has nothing to add.
    if (count < edge.base) return;
    turn.put(keys.statement(edge, count), encodeRecord(StatementRecord, { mine, theirs }));
    if (count > edge.base) turn.putEdge({ ...edge, base: count });
  }

  #sign(statement: EdgeStatement): Uint8Array {
    const { signer } = this.#context;
    return seal('EDGE_STATEMENT', statement, signer.publicKey, (m) => signer.sign(m));
  }
}

function sameStatement(a: EdgeStatement, b: EdgeStatement): boolean {
  return sameState(a, b) && a.made === b.made;
}

/** Both ends find the same: the later count, then the later time, then one fixed by the content. */
function isNewer(a: EdgeStatement, b: EdgeStatement): boolean {
  if (a.count !== b.count) return a.count > b.count;
  if (a.made !== b.made) return a.made > b.made;
  return rank(a) > rank(b);
}

function rank(statement: EdgeStatement): string {
  return `${edgeKey(statement)} ${statement.low_sequence} ${statement.high_sequence} ${statement.digest}`;
}
