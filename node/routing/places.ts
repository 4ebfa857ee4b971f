/** Where participants are, for the search: their keys, addresses of their agents, and their grants. */
import { type Pid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Contact } from '../../protocol/wire/messages/route.ts';
import type { Agents } from '../engine/agents.ts';
import type { Transport } from '../ports.ts';
import type { Place } from './neighbour-search.ts';

/** The address book, as far as it is needed here. */
interface Addresses {
  addressesOf(pid: Pid): readonly string[];
  hear(contact: Contact): void;
}

/** Of one contact on the wire. */
const ADDRESSES_MAX = 4;
const ADDRESS_LENGTH_MAX = 200;

export class Places {
  readonly #agents: Agents;
  readonly #addresses: Addresses;
  readonly #transport: Transport;

  constructor(agents: Agents, addresses: Addresses, transport: Transport) {
    this.#agents = agents;
    this.#addresses = addresses;
    this.#transport = transport;
  }

  placeOf(participant: Pid): Place | undefined {
    const key = this.#agents.keyOf(participant);
    const agent = this.#agents.agentOf(participant);
    if (key === undefined || agent === undefined) return undefined;
    const addresses = this.#agents.served(participant)
      ? this.#transport.addresses()
      : this.#addresses.addressesOf(pidFromPublicKey(agent));
    const usable = addresses.filter((text) => text.length <= ADDRESS_LENGTH_MAX);
    const contact: Contact = [key, usable.slice(0, ADDRESSES_MAX)];
    const grant = this.#agents.grantOf(participant);
    return grant === undefined ? { contact } : { contact, grant };
  }

  /** What an answer told: tried when needed, never stored. */
  hear({ contact: [key, addresses], grant }: Place): void {
    if (grant !== undefined) this.#agents.hear(grant);
    const agent = this.#agents.agentOf(pidFromPublicKey(key)) ?? key;
    this.#addresses.hear([agent, addresses]);
  }
}
