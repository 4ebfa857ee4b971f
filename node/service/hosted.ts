/** Members without a node of their own, and books on their way from one agent to another. */
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { GeoError, invalid } from '../../protocol/errors.ts';
import { type Pid, parsePid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { CLOCK_SKEW_MS_MAX } from '../../protocol/limits.ts';
import { readSigned, requireSignedBy, seal } from '../../protocol/wire/envelope.ts';
import type { AgentGrant, AgentRevoke } from '../../protocol/wire/messages/agent.ts';
import { isPathError, SECRET_FILE_MODE, writeFileAtomically } from '../platform/files.ts';
import { peerIn } from './asking.ts';
import type { HostedOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime, Views } from './views.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Rows of history in an account. */
const HISTORY_ROWS = 100;

export function hostedOperations(rooms: Rooms): HostedOperations {
  const { ports, me, hall, agents, door, moving } = rooms;
  const { state } = hall;

  /** @throws GeoError E005 `bad_signature`, E006 `wrong_receiver`, E007 `query_expired` */
  function memberIn({ query }: shapes.MemberQuery): Pid {
    const signed = readSigned('MEMBER_QUERY', fromBase64(query));
    const { member_key: key, agent, created } = signed.body;
    if (agent !== me) {
      throw new GeoError('E006', 'The request was signed for another node.', {
        fault: 'wrong_receiver',
      });
    }
    if (Math.abs(ports.clock.now() - created) > CLOCK_SKEW_MS_MAX) {
      throw new GeoError('E007', 'The request is too old, or a clock is off; sign it again.', {
        fault: 'query_expired',
      });
    }
    door.requireRoom();
    requireSignedBy(signed, key, ports.verify);
    return pidFromPublicKey(key);
  }

  async function accountOf(member: Pid): Promise<shapes.Account> {
    const books = ownBooks(rooms, member);
    const known = state.agents.get(member);
    return {
      member,
      agent:
        known === undefined
          ? null
          : {
              pid: pidFromPublicKey(known.agent),
              sequence: known.sequence,
              expires: known.expires === undefined ? null : isoTime(known.expires),
              serves: agents.served(member),
            },
      trust_lines: books.trustLines(),
      balance: books.balance(),
      debts: books.debts(),
      clearings: books.pendingClearings(),
      books: books.books(),
      history: await books.history({ limit: HISTORY_ROWS }),
    };
  }

  const say = (type: 'AGENT_GRANT' | 'AGENT_REVOKE', body: AgentGrant | AgentRevoke) =>
    hall.turn((turn) => {
      const { signer } = ports;
      const bytes = seal(type, body as never, signer.publicKey, (m) => signer.sign(m));
      agents.adopt(turn, readSigned(type, bytes));
    });
  const nextWord = () => ({
    member_key: ports.signer.publicKey,
    sequence: (state.agents.get(me)?.sequence ?? 0) + 1,
    created: ports.clock.now(),
  });

  return {
    agentCard: () => ({
      pid: me,
      public_key: ports.signer.publicKey,
      hub: rooms.settings.hub.enabled,
      community: rooms.settings.hub.name,
      equivalents: [...state.equivalents].map(([code, { precision }]) => ({ code, precision })),
    }),

    participantKey: ({ pid: text }) => {
      door.requireRoom();
      const pid = parsePid(text);
      const key = agents.keyOf(pid);
      if (key !== undefined && pidFromPublicKey(key) === pid) return { pid, public_key: key };
      throw new GeoError('E009', 'The key of that participant is not known here.', {
        fault: 'unknown_peer',
      });
    },

    submitEnvelope: async ({ frame, note }) => {
      const done = await door.submit(
        fromBase64(frame),
        note === undefined ? undefined : fromBase64(note),
      );
      const record = done.tx && state.transactionOf(done.tx);
      const views = new Views(state, done.member);
      const payment = record && views.payment(done.tx!, record);
      return {
        member: done.member,
        payment: payment === undefined ? null : { ...payment, role: views.roleIn(payment) },
        reply: done.reply === undefined ? null : toBase64(done.reply),
      };
    },

    memberAccount: async (request) => accountOf(memberIn(request)),

    memberTransaction: async (request) =>
      ownBooks(rooms, memberIn(request)).transaction(request.tx_id),

    memberExport: async (request) => ({
      file: toBase64(await moving.export(memberIn(request))),
    }),

    exportBooks: async ({ peer, file }) => {
      requireAbsolute(file);
      const bytes = await moving.export(peer === undefined ? me : peerIn(rooms, peer));
      const options = { mode: SECRET_FILE_MODE, refuseToOverwrite: true };
      await atPath(file, () => writeFileAtomically(file, bytes, options));
      return { file, bytes: bytes.length };
    },

    importBooks: async ({ file }) => {
      requireAbsolute(file);
      return moving.import(await atPath(file, () => readFile(file)));
    },

    grantAgent: async ({ peer, days }) => {
      const agent = peerIn(rooms, peer);
      const key = await rooms.peers.find(agent);
      if (key === undefined) {
        throw new GeoError('E009', 'The key of that node is not known yet; connect to it first.', {
          fault: 'unknown_peer',
        });
      }
      const word = nextWord();
      const expires = word.created + days * DAY_MS;
      const scope = { pay: true, carry: true, clear: true };
      await say('AGENT_GRANT', { ...word, agent_key: key, expires, scope });
      return accountOf(me);
    },

    revokeAgent: async () => {
      await say('AGENT_REVOKE', nextWord());
      return accountOf(me);
    },
  };
}

function requireAbsolute(file: string): void {
  if (isAbsolute(file)) return;
  throw invalid(
    'path_not_absolute',
    `The node may work in another directory than you: give the whole path instead of "${file}".`,
  );
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** @throws GeoError E009 `file_unusable`, and what else the work throws */
async function atPath<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isPathError(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new GeoError(
      'E009',
      `${file} cannot be used (${code}). Give the path of a file, in a directory that is there and open to the node.`,
      { fault: 'file_unusable' },
      { cause },
    );
  }
}
