/** Who is who: a community's ids and names on one side, PIDs and running nodes on the other. */
import type { Client } from '../../node/api/client.ts';
import type { ClearingAnswer, TrustLineRequest } from '../../node/service/shapes.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { Community } from '../community/community.ts';
import type { HostedMember } from '../testnet/hosted-member.ts';
import type { Testnet } from '../testnet/supervisor.ts';

/** What the story needs of a testnet. */
export type Net = Pick<Testnet, 'nodes' | 'node' | 'kill' | 'restart'>;

/** What a participant can be asked for, whether it has a node or a hub votes for it. */
export type ParticipantClient = Pick<
  Client,
  'pay' | 'trustLines' | 'transaction' | 'status' | 'books' | 'pendingClearings'
> & {
  setTrustLine(request: TrustLineRequest): Promise<unknown>;
  answerClearing(request: ClearingAnswer): Promise<unknown>;
};

export class Roster {
  readonly community: Community;
  readonly net: Net;
  /** Those without a node of their own, by id. */
  readonly hosted: ReadonlyMap<string, HostedMember>;
  readonly #idByPid: ReadonlyMap<string, string>;
  readonly #nameById: ReadonlyMap<string, string>;
  readonly #precisions: ReadonlyMap<string, number>;

  constructor(
    community: Community,
    net: Net,
    hosted: ReadonlyMap<string, HostedMember> = new Map(),
  ) {
    this.community = community;
    this.net = net;
    this.hosted = hosted;
    this.#idByPid = new Map([
      ...net.nodes.map((node) => [node.identity.pid, node.participant] as const),
      ...[...hosted].map(([id, { pid }]) => [pid, id] as const),
    ]);
    this.#nameById = new Map(community.participants.map(({ id, name }) => [id, name]));
    this.#precisions = new Map(community.equivalents.map((each) => [each.code, each.precision]));
  }

  /** Everyone who takes part. */
  get ids(): string[] {
    return this.community.participants.map((each) => each.id);
  }

  /** Whoever runs a node, the hub included. */
  get nodeIds(): string[] {
    return this.net.nodes.map((node) => node.participant);
  }

  /** Who votes for a participant: itself, or the hub. */
  agentOf(id: string): string {
    return this.hosted.has(id) ? this.community.hub!.id : id;
  }

  participant(id: string): ParticipantClient {
    return this.hosted.get(id) ?? this.client(id);
  }

  /** Of a node. */
  client(id: string): Client {
    return this.net.node(id).client;
  }

  pid(id: string): string {
    return this.hosted.get(id)?.pid ?? this.net.node(id).identity.pid;
  }

  /** A PID that belongs to nobody here stays as it is, so that an audit finds it. */
  id(pid: string): string {
    return this.#idByPid.get(pid) ?? pid;
  }

  /** For people; not necessarily unique. */
  name(id: string): string {
    const { hub } = this.community;
    return id === hub?.id ? hub.name : (this.#nameById.get(id) ?? id);
  }

  /** What a participant says when it is asked about a clearing. */
  agreesToClear(id: string): boolean {
    const participant = this.community.participants.find((each) => each.id === id);
    return participant?.whenAsked === 'agrees';
  }

  /** Decimal text of an amount of the smallest unit. */
  text(amount: bigint, equivalent: string): string {
    return formatAmount(amount, this.#precisions.get(equivalent) ?? 0);
  }
}
