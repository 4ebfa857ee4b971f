/** Peers and contacts. */
import { type Pid, parsePid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { distinctAddresses, requirePeer } from '../peers/names.ts';
import type { PeerOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import type { Views } from './views.ts';

export function peerOperations(rooms: Rooms, views: Views): PeerOperations {
  const { ports, hall, agents, peers, acquaintances } = rooms;
  const { state } = hall;
  /** Where the participant's agent is: its own node, or the hub that votes for it. */
  const addressesOf = (pid: Pid) => {
    const key = agents.agentOf(pid);
    return distinctAddresses(peers.addressesOf(key === undefined ? pid : pidFromPublicKey(key)));
  };

  const operations: PeerOperations = {
    peers: () => {
      const connected = new Map(ports.transport.peers().map((peer) => [peer.publicKey, peer]));
      return [...state.peers].map(([pid, { key, addresses }]) => ({
        pid,
        public_key: key,
        name: views.nameOf(pid),
        connected: connected.get(key)?.connected ?? false,
        addresses: distinctAddresses([...addresses, ...(connected.get(key)?.addresses ?? [])]),
      }));
    },

    connect: async (address) => {
      const key = await ports.transport.connect(address);
      await peers.keep(key, [address]);
      return operations.peers().find((peer) => peer.public_key === key)!;
    },

    addContact: async ({ name, pid: text, address }) => {
      const pid = parsePid(text);
      if (address === undefined) void acquaintances.seek(pid).catch(() => undefined);
      else {
        const key = await ports.transport.connect(address).catch((error: unknown) => {
          // The contact stands; that it cannot be reached now is said, not held against it.
          ports.log.warn({ address, error: String(error) }, 'a new contact could not be reached');
          return undefined;
        });
        if (key !== undefined) {
          if (!(await acquaintances.isAgentOf(key, pid))) requirePeer(pid, key, address);
          await peers.keep(key, [address]);
        }
      }
      await hall.turn((turn) => turn.putContact(name, { pid }));
      return { name, pid, addresses: addressesOf(pid) };
    },

    contacts: () =>
      [...state.contacts].map(([name, { pid }]) => ({
        name,
        pid,
        addresses: addressesOf(pid),
      })),
  };
  return operations;
}
