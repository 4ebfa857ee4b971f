/** This participant's memberships in communities. */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { resolveAmong } from '../peers/names.ts';
import { peerIn } from './asking.ts';
import type { MembershipOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

/** How long a request waits for the hub's answer before it is left to the node, ms. */
const ANSWER_WAIT_MS = 5_000;

export function membershipOperations(rooms: Rooms): MembershipOperations {
  const { ports, hall, peers, memberships, operating } = rooms;

  const view = (hub: Pid): shapes.Membership => {
    const record = memberships.all().get(hub)!;
    return {
      hub,
      community: record.community,
      about: record.about,
      status: record.status ?? null,
      wish: record.wish ?? null,
      reason: record.reason,
      fault: record.fault ?? null,
      equivalents: [...record.equivalents],
      conflicts: [...record.conflicts],
      answered: record.answered === undefined ? null : isoTime(record.answered),
    };
  };

  /** Resolves when the hub has said something, or has been silent for a while. */
  function answerOf(hub: Pid): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stopListening();
        stopWaiting();
        resolve();
      };
      const stopWaiting = ports.clock.after(ANSWER_WAIT_MS, done);
      const stopListening = hall.listen((notice) => {
        if (notice.type === 'membership-changed' && notice.hub === hub) done();
      });
    });
  }

  return {
    memberships: () => [...memberships.all().keys()].map((hub) => view(hub as Pid)),

    join: async ({ address, code, name, about, kind }) => {
      const key = await ports.transport.connect(address);
      await peers.keep(key, [address]);
      const hub = pidFromPublicKey(key);
      const answer = answerOf(hub);
      await hall.turn((turn) => memberships.join(turn, key, { kind, name, about }, code));
      await answer;
      return view(hub);
    },

    leave: async ({ hub: text }) => {
      const hub = resolveAmong([...memberships.all().keys()] as Pid[], text, 'hub');
      const answer = answerOf(hub);
      await hall.turn((turn) => memberships.leave(turn, hub));
      await answer;
      return view(hub);
    },

    operateAt: async ({ hub: text, method, argument }) => {
      const hub = peerIn(rooms, text);
      const key = await peers.find(hub);
      if (key === undefined) {
        throw new GeoError(
          'E007',
          'The hub cannot be found; connect to it first: geo connect ADDRESS.',
          {
            fault: 'hub_silent',
          },
        );
      }
      return { result: await operating.ask(key, method, argument) };
    },
  };
}
