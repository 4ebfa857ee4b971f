/**
 * A participant's books on their way from one agent to another (docs/PROTOCOL.md, "Moving"). No debt
 * is touched: its receipts prove at the new agent what they proved at the old one.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  type Hash,
  hashFromBytes,
  type Pid,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { counterparty, type Edge } from '../../protocol/ledger/edge.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { encodeMemberFile, type MemberFile, readMemberFile } from '../../protocol/member-file.ts';
import { readReceipt } from '../../protocol/receipt.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import type { Agents, AgentWord } from '../engine/agents.ts';
import type { Attempts } from '../engine/attempts/attempts.ts';
import { wholeReceiptOf } from '../engine/attempts/statements.ts';
import type { EdgeStatements } from '../engine/edges/statements.ts';
import type { TrustLines } from '../engine/edges/trust-lines.ts';
import type { Hall } from '../engine/hall.ts';
import type { Store } from '../ports.ts';
import type { Place } from '../routing/neighbour-search.ts';
import { appliedAfter } from '../store/keys.ts';

export interface MovingRooms {
  readonly store: Store;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly attempts: Attempts;
  readonly lines: TrustLines;
  readonly statements: EdgeStatements;
  readonly places: { placeOf(pid: Pid): Place | undefined; hear(place: Place): void };
}

/** What an import has brought. */
export interface Imported {
  readonly member: Pid;
  readonly edges: number;
  /** Payments that were not in these books. */
  readonly applied: number;
}

export class Moving {
  readonly #rooms: MovingRooms;

  constructor(rooms: MovingRooms) {
    this.#rooms = rooms;
  }

  /**
   * Everything that this node has about the edges of a participant that it serves, or has served.
   * @throws GeoError E009 `unknown_member`
   */
  async export(member: Pid): Promise<Uint8Array> {
    const { hall, agents } = this.#rooms;
    // What is still on its way to the disk must be in the file.
    await hall.turn(() => undefined);
    const { state } = hall;
    const edges = state.edgesOf(member);
    const word = state.agents.get(member);
    if (edges.length === 0 && word === undefined && member !== agents.me) {
      throw new GeoError('E009', 'This node keeps no books of that participant.', {
        fault: 'unknown_member',
      });
    }
    const neighbours = new Set(edges.map((edge) => counterparty(edge, member)));
    const places = [...neighbours].flatMap((pid) => this.#rooms.places.placeOf(pid) ?? []);
    const codes = new Map(edges.map(({ equivalent, precision }) => [equivalent, precision]));
    return encodeMemberFile({
      member,
      ...(word?.type === 'AGENT_GRANT' ? { grant: word.envelope } : {}),
      ...(word?.type === 'AGENT_REVOKE' ? { revocation: word.envelope } : {}),
      equivalents: [...codes],
      neighbours: places.map(({ contact }) => contact),
      grants: places.flatMap(({ grant }) => grant ?? []),
      lines: edges.flatMap((edge) => this.#linesOf(edge)),
      receipts: await this.#receiptsOf(edges),
      statements: edges.flatMap((edge) => this.#rooms.statements.fileOf(edge) ?? []),
    });
  }

  /**
   * Takes over a participant's books. What is known already changes nothing, so that an import that
   * broke off is simply made again.
   * @throws GeoError E006 `not_served`, E008 `equivalent_exists`, and whatever a part does not prove
   */
  async import(bytes: Uint8Array): Promise<Imported> {
    const file = readMemberFile(bytes);
    const { member } = file;
    const { hall, agents } = this.#rooms;
    for (const word of wordsIn(file)) await hall.turn((turn) => agents.adopt(turn, word));
    agents.requireServed(member);
    await this.#takeEquivalents(file);
    for (const grant of file.grants) {
      const word = readSigned('AGENT_GRANT', grant);
      await hall.turn((turn) => agents.adopt(turn, word));
    }
    for (const contact of file.neighbours) this.#rooms.places.hear({ contact });
    await this.#takeLines(file);
    const applied = await this.#takeReceipts(file);
    await hall.turn((turn) => agents.announce(turn, member));
    return { member, edges: this.#edgesOf(member), applied };
  }

  #linesOf(edge: Edge): MemberFile['lines'][number][] {
    const { lines } = this.#rooms.hall.state;
    return [edge.low, edge.high].flatMap((owner) => {
      const stored = lines.get(`${edge.equivalent}/${owner}/${counterparty(edge, owner)}`);
      return stored === undefined ? [] : [[stored.type, stored.envelope] as const];
    });
  }

  /** Each once, though it may have passed two of the edges. */
  async #receiptsOf(edges: readonly Edge[]): Promise<Uint8Array[]> {
    const { store, hall } = this.#rooms;
    const seen = new Set<Hash>();
    const receipts: Uint8Array[] = [];
    for (const edge of edges) {
      for await (const [, value] of store.scan(appliedAfter(edge, 0))) {
        const hash = hashFromBytes(value);
        if (seen.has(hash)) continue;
        seen.add(hash);
        const attempt = hall.state.attemptOf(hash);
        if (attempt !== undefined) receipts.push(wholeReceiptOf(attempt));
      }
    }
    return receipts;
  }

  async #takeEquivalents({ equivalents }: MemberFile): Promise<void> {
    await this.#rooms.hall.turn((turn) => {
      for (const [code, precision] of equivalents) {
        const known = this.#rooms.hall.state.equivalents.get(code);
        if (known !== undefined && known.precision !== precision) {
          throw new GeoError(
            'E008',
            `${code} has ${known.precision} decimal places here and ${precision} in the file: this node cannot take over these books.`,
            { fault: 'equivalent_exists', precision: known.precision },
          );
        }
        turn.keepEquivalent(code, precision);
      }
    });
  }

  /** The member's own lines first: they show whom it has chosen. */
  async #takeLines({ member, lines }: MemberFile): Promise<void> {
    const read = lines.map(([type, envelope]) => {
      const { body } = readSigned(type, envelope);
      const owner = pidFromPublicKey(body.from_key);
      return { type, envelope, owner, peer: owner === member ? body.to : owner };
    });
    for (const own of [true, false]) {
      for (const { type, envelope, owner, peer } of read) {
        if ((owner === member) !== own) continue;
        await this.#rooms.hall.turn((turn) =>
          this.#rooms.lines.adopt(turn, member, peer, type, envelope),
        );
      }
    }
  }

  async #takeReceipts({ receipts }: MemberFile): Promise<number> {
    let applied = 0;
    // One sync for many: what breaks off in between is made again.
    const outcomes = receipts.map((bytes) => {
      const { manifest, ...evidence } = readReceipt(bytes);
      const open = openManifest(manifest);
      const bundle = { votes: evidence.votes, withdrawals: [], applied: evidence.applied };
      return this.#rooms.hall.turn((turn) => this.#rooms.attempts.receipt(turn, open, bundle));
    });
    for (const outcome of await Promise.all(outcomes)) if (outcome === 'applied') applied++;
    return applied;
  }

  #edgesOf(member: Pid): number {
    let count = 0;
    for (const { low, high } of this.#rooms.hall.state.edges.values()) {
      if (low === member || high === member) count++;
    }
    return count;
  }
}

function wordsIn({ grant, revocation }: MemberFile): AgentWord[] {
  return [
    ...(grant === undefined ? [] : [readSigned('AGENT_GRANT', grant)]),
    ...(revocation === undefined ? [] : [readSigned('AGENT_REVOKE', revocation)]),
  ];
}
