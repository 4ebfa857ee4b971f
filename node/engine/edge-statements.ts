/**
 * The account statement of an edge: the same bytes signed by both ends (docs/PROTOCOL.md, "Both
 * books of an edge"). What either can show a third party, and the point from which histories are
 * compared. Older history is never needed again to compare; its records stay.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { counterparty, type Edge, edgeKey } from '../../protocol/ledger/edge.ts';
import { type EdgeState, edgeStateOf, sameState } from '../../protocol/machines/edge-sync.ts';
import {
  readSigned,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { EdgeStatement } from '../../protocol/wire/messages/edge.ts';
import type { Signer, VerifySignature } from '../ports.ts';
import { keys } from '../store/keys.ts';
import { decodeRecord, encodeRecord, StatementRecord } from '../store/records.ts';
import type { Turn } from './turn.ts';

export interface StatementsContext {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly read: (key: string) => Uint8Array | undefined;
  readonly keyOf: (pid: Pid) => PublicKey | undefined;
  /** Attempts applied on an edge from one statement to the next. */
  readonly every: number;
}

export class EdgeStatements {
  readonly #context: StatementsContext;
  readonly #me: Pid;
  /** Proposals of this run that wait for the other end, by edge and count. */
  readonly #proposed = new Map<string, Uint8Array>();

  constructor(context: StatementsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.signer.publicKey);
  }

  /** Time for a new one? Only the lower PID proposes by itself, so that proposals do not cross. */
  isDue(edge: Edge): boolean {
    return edge.low === this.#me && edge.count - edge.base >= this.#context.every;
  }

  /** Signs the edge as it stands and asks the other end to do the same. */
  propose(turn: Turn, id: Edge): void {
    const edge = turn.edge(id);
    const peer = edge && this.#context.keyOf(counterparty(edge, this.#me));
    if (edge === undefined || peer === undefined) return;
    const envelope = this.#sign({ ...edgeStateOf(edge), made: turn.now });
    this.#proposed.set(placeOf(edge), envelope);
    turn.put(keys.statement(edge, edge.count), encodeRecord(StatementRecord, { mine: envelope }));
    turn.send(peer, signedFrame('EDGE_STATEMENT', envelope));
  }

  /** EDGE_STATEMENT: a proposal, or the other end's signature under the own one. */
  receive(turn: Turn, from: PublicKey, signed: Unverified<EdgeStatement>): void {
    const { body } = signed;
    const peer = pidFromPublicKey(from);
    const edge = turn.edge(body);
    if (edge === undefined || counterparty(edge, this.#me) !== peer) {
      throw new GeoError('E006', 'Only the other end of an edge may sign its statement.', {
        fault: 'wrong_sender',
      });
    }
    requireSignedBy(signed, from, this.#context.verify);
    const proposed = this.#proposed.get(placeOf(body));
    if (proposed !== undefined && sameStatement(proposed, body)) {
      this.#complete(turn, edge, body.count, proposed, signed.bytes);
      return;
    }
    if (edge.base >= body.count) return;
    // Only what is true here and now is signed; the other end proposes again when the edge is quiet.
    if (!sameState(edgeStateOf(edge), body)) return;
    const mine = this.#sign(body);
    this.#complete(turn, edge, body.count, mine, signed.bytes);
    turn.send(from, signedFrame('EDGE_STATEMENT', mine));
  }

  /** The newest statement that both have signed. */
  newest(edge: Edge): Required<StatementRecord> | undefined {
    const value = edge.base > 0 ? this.#context.read(keys.statement(edge, edge.base)) : undefined;
    const record = value && decodeRecord(StatementRecord, value);
    return record?.theirs === undefined ? undefined : { mine: record.mine, theirs: record.theirs };
  }

  #complete(turn: Turn, edge: Edge, count: number, mine: Uint8Array, theirs: Uint8Array): void {
    this.#proposed.delete(placeOf({ ...edge, count }));
    turn.put(keys.statement(edge, count), encodeRecord(StatementRecord, { mine, theirs }));
    if (count > edge.base) turn.putEdge({ ...edge, base: count });
  }

  #sign(statement: EdgeStatement): Uint8Array {
    const { signer } = this.#context;
    return seal('EDGE_STATEMENT', statement, signer.publicKey, (m) => signer.sign(m));
  }
}

function placeOf(state: Pick<EdgeState, 'low' | 'high' | 'equivalent' | 'count'>): string {
  return `${edgeKey(state)}/${state.count}`;
}

function sameStatement(envelope: Uint8Array, body: EdgeStatement): boolean {
  const mine = readSigned('EDGE_STATEMENT', envelope).body;
  return sameState(mine, body) && mine.made === body.made;
}
