/** Who is who: a community's ids and names on one side, PIDs and running nodes on the other. */
import type { Client } from '../../node/api/client.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { Community } from '../community/community.ts';
import type { Testnet } from '../testnet/supervisor.ts';

/** What the story needs of a testnet. */
export type Net = Pick<Testnet, 'nodes' | 'node' | 'kill' | 'restart'>;

export class Roster {
  readonly community: Community;
  readonly net: Net;
  readonly #idByPid: ReadonlyMap<string, string>;
  readonly #nameById: ReadonlyMap<string, string>;
  readonly #precisions: ReadonlyMap<string, number>;

  constructor(community: Community, net: Net) {
    this.community = community;
    this.net = net;
    this.#idByPid = new Map(net.nodes.map((node) => [node.identity.pid, node.participant]));
    this.#nameById = new Map(community.participants.map(({ id, name }) => [id, name]));
    this.#precisions = new Map(community.equivalents.map((each) => [each.code, each.precision]));
  }

  get ids(): string[] {
    return this.community.participants.map((each) => each.id);
  }

  client(id: string): Client {
    return this.net.node(id).client;
  }

  pid(id: string): string {
    return this.net.node(id).identity.pid;
  }

  /** A PID that belongs to nobody here stays as it is, so that an audit finds it. */
  id(pid: string): string {
    return this.#idByPid.get(pid) ?? pid;
  }

  /** For people; not necessarily unique. */
  name(id: string): string {
    return this.#nameById.get(id) ?? id;
  }

  /** Decimal text of an amount of the smallest unit. */
  text(amount: bigint, equivalent: string): string {
    return formatAmount(amount, this.#precisions.get(equivalent) ?? 0);
  }
}
