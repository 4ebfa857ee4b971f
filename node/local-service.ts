/** The node's service: what may be asked of it, turned into turns and views. */
import { isAbsolute } from 'node:path';
import { hexToBytes } from '@noble/hashes/utils.js';
import { GeoError, invalid } from '../protocol/errors.ts';
import { parsePid, type TxId } from '../protocol/identity/pid.ts';
import { type EdgeId, edgeId, edgeKey, lineOf } from '../protocol/ledger/edge.ts';
import { DEFAULT_POLICY, type LineChange } from '../protocol/machines/trust-line.ts';
import { formatAmount, parseAmount, parseLimit } from '../protocol/money/amount.ts';
import {
  checkPrecision,
  type EquivalentCode,
  parseEquivalentCode,
} from '../protocol/money/equivalent.ts';
import { readSigned } from '../protocol/wire/envelope.ts';
import type { LinePolicy } from '../protocol/wire/messages/trust-line.ts';
import type * as shapes from './api/shapes.ts';
import { auditNode } from './audit.ts';
import { edgeView, freshStatement, requireEdge } from './books.ts';
import { readHistory } from './history.ts';
import { distinctAddresses, requirePeer, resolvePeer } from './names.ts';
import type { Rooms } from './rooms.ts';
import type { NodeService } from './service.ts';
import { writeBackup } from './store/backup.ts';
import { isoTime, Views } from './views.ts';

/** How long a change of a line waits for the comparison of restored books, ms. */
const COMPARE_WAIT_MS = 2_000;

export function createService(rooms: Rooms): NodeService {
  const { ports, settings, me, hall, peers, lines, router, payments } = rooms;
  const { state } = hall;
  const views = new Views(state, me);
  const started = ports.clock.now();

  const equivalentOf = (text: string): { code: EquivalentCode; precision: number } => {
    const code = parseEquivalentCode(text);
    const known = state.equivalents.get(code);
    if (known !== undefined) return { code, precision: known.precision };
    throw new GeoError(
      'E009',
      `${code} is not known here. Define it first: geo equivalent define ${code} --precision N.`,
      { fault: 'unknown_equivalent', equivalent: code },
    );
  };
  const peerOf = (text: string) => resolvePeer(state, me, text);
  const edgeOf = ({ peer, equivalent }: shapes.EdgeRef) =>
    edgeId(me, peerOf(peer), parseEquivalentCode(equivalent));

  async function changeLine(
    request: shapes.TrustLineRef,
    change: (current: LinePolicy, precision: number) => LineChange,
  ): Promise<shapes.TrustLine> {
    const { code, precision } = equivalentOf(request.equivalent);
    const peer = peerOf(request.peer);
    // The line can be signed before its receiver is found; finding it must not hold up the owner.
    void peers.find(peer).catch(() => undefined);
    const id = edgeId(me, peer, code);
    // Restored books may have forgotten a newer version of the line, signed and delivered.
    if (rooms.restoredAt() !== undefined && rooms.edges.mustCompare(id)) await compareFirst(id);
    await hall.turn((turn) => {
      const edge = turn.edge(id);
      const policy = (edge && lineOf(edge, me)?.policy) ?? DEFAULT_POLICY;
      lines.change(turn, peer, code, change(policy, precision));
    });
    return views.line(state.edges.get(edgeKey(id))!, me, peer)!;
  }

  async function compareFirst(id: EdgeId): Promise<void> {
    await rooms.edges.whenCompared([id], COMPARE_WAIT_MS);
    if (!rooms.edges.mustCompare(id)) return;
    throw new GeoError(
      'E008',
      'These books were restored from a backup and have not been compared with this peer yet: it may hold a newer version of the line. Try again when it is connected.',
      { fault: 'edge_not_compared' },
    );
  }

  const service: NodeService = {
    identity: () => ({
      pid: me,
      public_key: ports.signer.publicKey,
      addresses: ports.transport.addresses(),
    }),

    status: () => {
      const phases = [...state.attempts.values()].map((attempt) => attempt.commit.phase);
      const edges = [...state.edges.values()];
      const restored = rooms.restoredAt();
      return {
        pid: me,
        public_key: ports.signer.publicKey,
        version: settings.version,
        api: rooms.apiUrl(),
        addresses: ports.transport.addresses(),
        started: isoTime(started),
        participation: rooms.isFrozen() ? 'frozen' : 'active',
        peers_connected: ports.transport.peers().filter((peer) => peer.connected).length,
        trust_lines: edges.flatMap((edge) => views.lines(edge)).length,
        edges: edges.length,
        attempts_live: phases.length,
        attempts_in_doubt: phases.filter(
          (p) => p === 'DOUBT' || p === 'WITHDRAWN' || p === 'DECIDED',
        ).length,
        outbox: state.outbox.size,
        store: hall.storeFault ?? 'ok',
        edges_not_compared: edges.filter((edge) => !rooms.edges.isCompared(edge)).length,
        edges_disputed: edges.filter((edge) => edge.dispute !== undefined).length,
        recovered: rooms.edges.recovered,
        restored: restored === undefined ? null : isoTime(restored),
      };
    },

    setParticipation: async (wanted) => {
      await rooms.setFrozen(wanted === 'frozen');
      return service.status();
    },

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
      return service.peers().find((peer) => peer.public_key === key)!;
    },

    addContact: async ({ name, pid: text, address }) => {
      const pid = parsePid(text);
      if (address === undefined) void peers.find(pid).catch(() => undefined);
      else {
        const key = await ports.transport.connect(address).catch((error: unknown) => {
          // The contact stands; that it cannot be reached now is said, not held against it.
          ports.log.warn({ address, error: String(error) }, 'a new contact could not be reached');
          return undefined;
        });
        if (key !== undefined) {
          requirePeer(pid, key, address);
          await peers.keep(key, [address]);
        }
      }
      await hall.turn((turn) => turn.putContact(name, { pid }));
      return { name, pid, addresses: distinctAddresses(peers.addressesOf(pid)) };
    },

    contacts: () =>
      [...state.contacts].map(([name, { pid }]) => ({
        name,
        pid,
        addresses: distinctAddresses(peers.addressesOf(pid)),
      })),

    defineEquivalent: async (request) => {
      const code = parseEquivalentCode(request.code);
      const precision = checkPrecision(request.precision);
      const known = state.equivalents.get(code);
      if (known !== undefined && known.precision !== precision) {
        throw new GeoError(
          'E008',
          `${code} is already defined with ${known.precision} decimal places; that cannot be changed. Use another code.`,
          { fault: 'equivalent_exists', precision: known.precision },
        );
      }
      const metadata = Object.entries(request.metadata);
      await hall.turn((turn) => {
        turn.putEquivalent(code, { precision, metadata });
        turn.history({
          type: 'equivalent',
          text: `defined with ${precision} decimal places`,
          equivalent: code,
        });
      });
      return { code, precision, metadata: request.metadata };
    },

    equivalents: () =>
      [...state.equivalents].map(([code, { precision, metadata }]) => ({
        code,
        precision,
        metadata: Object.fromEntries(metadata),
      })),

    setTrustLine: (request) =>
      changeLine(request, (current, precision) => ({
        limit: parseLimit(request.limit, precision),
        policy: patchPolicy(current, request.policy ?? {}, precision, peerOf),
      })),
    freezeTrustLine: (request) => changeLine(request, () => ({ status: 'frozen' })),
    closeTrustLine: (request) => changeLine(request, () => ({ status: 'closed' })),
    trustLines: () => [...state.edges.values()].flatMap((edge) => views.lines(edge)),

    routes: async (request) => {
      const { code, precision } = equivalentOf(request.equivalent);
      const amount = parseAmount(request.amount, precision);
      const found = await router.routesFor({
        payer: me,
        payee: peerOf(request.peer),
        equivalent: code,
        amount,
        max_hops: request.max_hops ?? settings.payments.max_hops,
        max_paths: request.max_paths ?? settings.payments.max_paths,
        avoid: [],
      });
      const text = (units: bigint) => formatAmount(units, precision);
      return {
        routes: found.routes.map((route) => ({
          path: [...route.path],
          amount: text(route.amount),
        })),
        payable: text(found.payable),
        enough: found.payable >= amount,
        messages: found.messages,
      };
    },

    pay: async (request) => {
      const { code, precision } = equivalentOf(request.equivalent);
      const tx = await payments.pay({
        payee: peerOf(request.peer),
        equivalent: code,
        amount: parseAmount(request.amount, precision),
        maxHops: request.max_hops ?? settings.payments.max_hops,
        maxPaths: request.max_paths ?? settings.payments.max_paths,
        timeoutMs: request.timeout_ms ?? settings.payments.order_life_ms,
        ...(request.note === undefined ? {} : { note: request.note }),
        ...(request.nonce === undefined ? {} : { nonce: hexToBytes(request.nonce) }),
      });
      return views.payment(tx, state.transactions.get(tx) ?? state.readTransaction(tx)!);
    },

    transaction: async (txId) => {
      const tx = txId as TxId;
      const record = state.transactions.get(tx) ?? state.readTransaction(tx);
      if (record === undefined) {
        throw new GeoError('E009', 'This node knows no transaction with that id.', {
          fault: 'unknown_transaction',
        });
      }
      const { nonce } = readSigned('PAYMENT_REQUEST', record.order).body;
      const readable = record.role === 'payee' && record.note !== undefined;
      const note = readable ? ports.openNote(record.note!, nonce) : null;
      return views.transaction(tx, record, note);
    },

    balance: () => {
      const edges = [...state.edges.values()];
      return [...Map.groupBy(edges, (edge) => edge.equivalent).values()].map((group) =>
        views.balance(group),
      );
    },
    debts: () => [...state.edges.values()].flatMap((edge) => views.debts(edge)),
    history: (query) =>
      readHistory(
        ports.store,
        state,
        query,
        query.peer === undefined ? undefined : peerOf(query.peer),
      ),
    books: () => [...state.edges.values()].map((edge) => views.book(edge)),
    edge: (request) => edgeView(rooms, views, requireEdge(rooms, edgeOf(request))),
    statement: async (request) => freshStatement(rooms, edgeOf(request)),
    backup: async (file) => {
      if (!isAbsolute(file)) {
        throw invalid(
          'path_not_absolute',
          `The node may work in another directory than you: give the whole path instead of "${file}".`,
        );
      }
      return { file, ...(await writeBackup(ports.store, file)) };
    },
    audit: () => auditNode(ports.store, state),
  };
  return service;
}

function patchPolicy(
  current: LinePolicy,
  patch: NonNullable<shapes.TrustLineRequest['policy']>,
  precision: number,
  peerOf: (text: string) => LinePolicy['blocked_participants'][number],
): LinePolicy {
  const { daily_limit: old, ...kept } = current;
  const daily =
    patch.daily_limit === undefined
      ? old
      : patch.daily_limit === null
        ? undefined
        : parseLimit(patch.daily_limit, precision);
  return {
    ...kept,
    ...(patch.auto_clearing === undefined ? {} : { auto_clearing: patch.auto_clearing }),
    ...(patch.can_be_intermediate === undefined
      ? {}
      : { can_be_intermediate: patch.can_be_intermediate }),
    ...(patch.blocked_participants === undefined
      ? {}
      : { blocked_participants: patch.blocked_participants.map(peerOf) }),
    ...(daily === undefined ? {} : { daily_limit: daily }),
  };
}
