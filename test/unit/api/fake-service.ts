/**
 * A NodeService without a node: remembers what it was asked, answers with fixed rows, and refuses
 * on demand. What the HTTP door and the CLI do can be seen without keys, store or network.
 */
import { realClock } from '../../../node/platform/platform.ts';
import type { LiveSource, NodeService } from '../../../node/service/contract.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import {
  CLEARING_PASS,
  CLEARING_STATS,
  CLEARING_TOTALS,
  FOUND_CYCLE,
  fakeClearing,
} from './fake-clearing.ts';
import {
  addon,
  hubDisagreement,
  hubEdge,
  hubEvidence,
  hubStats,
  invitation,
  member,
  membership,
  operator,
  participantsPage,
} from './fake-hub.ts';
import { kept, status } from './fake-node.ts';
import { fakeSessions } from './fake-sessions.ts';

export const ANNA = '3yMApqCuCjXDWPrbjfR5mjCPTHqFG8Pux1TxQrEM35jj';
export const BOB = '8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2';
export const KEY = 'a'.repeat(64);
export const TX = 'b'.repeat(64);
export const TIME = '2026-03-01T12:00:00.000Z';
const ADDRESS = '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWExample';

/** Nothing ever happens, and nobody is there. */
export const quietSource: LiveSource = {
  clock: realClock,
  follow: () => () => undefined,
  connected: () => [],
  followPeers: () => () => undefined,
};

const policy: shapes.Policy = {
  auto_clearing: true,
  can_be_intermediate: true,
  daily_limit: null,
  clearing_limit: null,
  allow_shortening: false,
  blocked_participants: [],
};

const peer: shapes.Peer = {
  pid: BOB,
  public_key: KEY,
  name: 'bob',
  connected: true,
  addresses: [ADDRESS],
};
const line: shapes.TrustLine = {
  direction: 'given',
  peer: BOB,
  peer_name: 'bob',
  equivalent: 'UAH',
  limit: '100.00',
  debt: '12.50',
  available: '87.50',
  status: 'active',
  state: 'COMMITTED',
  sequence: 1,
  policy,
  failure: null,
};
const book: shapes.EdgeBook = {
  balance: '12.50',
  count: 1,
  digest: KEY,
  checksum: KEY,
  given_sequence: 1,
  received_sequence: 0,
};
export const edge: shapes.Edge = {
  peer: BOB,
  peer_name: 'bob',
  equivalent: 'UAH',
  mine: book,
  theirs: { ...book, said: TIME },
  compared: true,
  given: line,
  received: null,
  held_in: '0.00',
  held_out: '0.00',
  dispute: null,
  finding: null,
  statement: { ...book, made: TIME, current: true },
};
export const payment: shapes.Payment = {
  tx_id: TX,
  state: 'COMMITTED',
  role: 'payer',
  payer: ANNA,
  payee: BOB,
  equivalent: 'UAH',
  amount: '12.50',
  reason: null,
  routes: [{ path: [ANNA, BOB], amount: '12.50' }],
  attempts: 1,
  created: TIME,
  finished: TIME,
  ms: 12,
};
export const transactionRow: shapes.TransactionRow = {
  tx_id: TX,
  kind: 'payment',
  state: 'COMMITTED',
  role: 'payer',
  peer: BOB,
  equivalent: 'UAH',
  amount: '12.50',
  created: TIME,
  finished: TIME,
  reason: null,
};
export const transaction: shapes.PaymentTransaction = {
  ...payment,
  kind: 'payment',
  attempt: 1,
  attempt_state: 'COMMITTED',
  manifest_hash: KEY,
  voters: [
    { pid: BOB, public_key: KEY, coordinator: false, vote: 'YES', withdrew: false, applied: true },
    { pid: ANNA, public_key: KEY, coordinator: true, vote: 'YES', withdrew: false, applied: true },
  ],
  effects: [{ debtor: ANNA, creditor: BOB, delta: '12.50' }],
  certificate: '0102ff',
  note: 'for the bread',
};

export const event: shapes.Event = {
  cursor: '0-1',
  topic: 'payment.received',
  time: TIME,
  tx_id: TX,
  peer: BOB,
  role: 'payee',
  state: 'COMMITTED',
  equivalent: 'UAH',
  amount: '12.50',
  ms: null,
  reason: null,
  text: null,
};

const account: shapes.Account = {
  member: ANNA,
  agent: { pid: BOB, sequence: 1, expires: TIME, serves: false },
  trust_lines: [line],
  balance: [],
  debts: [],
  clearings: [],
  books: [],
  history: [],
};

export interface Call {
  readonly method: keyof NodeService;
  readonly argument: unknown;
}

export interface FakeService extends NodeService {
  /** What was asked for, in order. */
  readonly calls: Call[];
  /** The next call, whichever it is, throws this. */
  failNext(error: unknown): void;
  /** Answers of `method` from now on; typed loosely so that a wrong shape can be tried. */
  answerWith(method: keyof NodeService, answer: unknown): void;
}

export function createFakeService(): FakeService {
  const calls: Call[] = [];
  const answers = new Map<string, unknown>(Object.entries(fixed()));
  let failure: { error: unknown } | undefined;

  const method = (name: string) => (argument?: unknown) => {
    calls.push({ method: name as keyof NodeService, argument });
    if (failure !== undefined) {
      const { error } = failure;
      failure = undefined;
      throw error;
    }
    return answers.get(name);
  };
  // `fixed` has an answer to each method, or it does not compile.
  const methods = Object.fromEntries([...answers.keys()].map((name) => [name, method(name)]));

  return {
    ...(methods as unknown as NodeService),
    calls,
    failNext: (error) => {
      failure = { error };
    },
    answerWith: (name, answer) => {
      answers.set(name, answer);
    },
  };
}

type Answers = { [Name in keyof NodeService]: Awaited<ReturnType<NodeService[Name]>> };

function fixed(): Answers {
  return {
    events: { events: [event], cursor: '0-1' },
    ...fakeSessions,
    identity: { pid: ANNA, public_key: KEY, addresses: [ADDRESS] },
    status,
    setParticipation: { ...status, participation: 'frozen' },
    peers: [peer],
    connect: peer,
    addContact: { name: 'bob', pid: BOB, addresses: [ADDRESS] },
    contacts: [{ name: 'bob', pid: BOB, addresses: [ADDRESS] }],
    defineEquivalent: { code: 'UAH', precision: 2, metadata: { name: 'hryvnia' } },
    equivalents: [{ code: 'UAH', precision: 2, metadata: { name: 'hryvnia' } }],
    setTrustLine: line,
    freezeTrustLine: { ...line, status: 'frozen' },
    closeTrustLine: { ...line, status: 'closed' },
    trustLines: [line, { ...line, direction: 'received', limit: '50.00' }],
    routes: {
      routes: [{ path: [ANNA, BOB], amount: '12.50' }],
      payable: '12.50',
      enough: true,
      reason: null,
      messages: 2,
    },
    pay: payment,
    transactions: { items: [transactionRow], next: null },
    transaction,
    balance: [
      {
        equivalent: 'UAH',
        owed_to_me: '12.50',
        i_owe: '0.00',
        net: '12.50',
        can_receive: '87.50',
        can_spend: '62.50',
      },
    ],
    debts: [{ debtor: BOB, creditor: ANNA, peer_name: 'bob', equivalent: 'UAH', amount: '12.50' }],
    history: [
      {
        id: '1',
        time: TIME,
        type: 'payment',
        text: 'paid 12.50 UAH to bob',
        tx_id: TX,
        peer: BOB,
        equivalent: 'UAH',
        amount: '12.50',
      },
    ],
    books: [
      {
        peer: BOB,
        equivalent: 'UAH',
        balance: '12.50',
        limit_given: '100.00',
        limit_received: '50.00',
        held: '0.00',
        held_in: '0.00',
        held_out: '0.00',
        count: 1,
        digest: KEY,
        frozen: false,
      },
    ],
    edge,
    statement: {
      peer: BOB,
      equivalent: 'UAH',
      balance: '12.50',
      count: 1,
      digest: KEY,
      made: TIME,
      file: '0102ff',
    },
    backup: { file: '/backups/anna.geo', entries: 12, bytes: 3456 },
    clearCycle: fakeClearing(),
    clearNow: [FOUND_CYCLE],
    clearingStats: [CLEARING_STATS],
    clearingTotals: [CLEARING_TOTALS],
    clearingPasses: [CLEARING_PASS],
    beginPass: CLEARING_PASS,
    cancelPass: CLEARING_PASS,
    pendingClearings: [{ ...fakeClearing(), state: 'PROPOSED', waits_for_me: true }],
    answerClearing: { ...fakeClearing(), state: 'WAITING_CONFIRMATIONS' },
    audit: [{ invariant: 'limits', name: 'debts within limits', held: true, detail: '1 edge' }],
    checksums: [{ equivalent: 'UAH', edges: 1, checksum: KEY }],
    verifyStore: { records: 12, rows: [], checksums: [], problems: ['an edge is broken'] },
    auditLog: [{ number: 4, time: TIME, kind: 'backup', text: 'whole: /tmp/a.geo', previous: KEY }],
    releaseEdge: edge,
    keptBackups: [kept],
    keepBackup: kept,
    endBackup: [],
    agentCard: {
      pid: BOB,
      public_key: KEY,
      hub: true,
      community: 'The village',
      equivalents: [{ code: 'UAH', precision: 2 }],
    },
    submitEnvelope: { member: ANNA, payment, reply: null },
    memberAccount: account,
    participantKey: { pid: BOB, public_key: KEY },
    memberTransaction: transaction,
    memberExport: { file: 'oGE=' },
    exportBooks: { file: '/books/anna.geo', bytes: 3 },
    importBooks: { member: ANNA, edges: 2, applied: 7 },
    grantAgent: account,
    revokeAgent: { ...account, agent: null },
    hubStats,
    hubMembers: [member],
    changeMember: { ...member, status: 'suspended', reason: 'a dispute' },
    confirmMembers: hubStats,
    invitations: [invitation],
    invite: { ...invitation, code: '7K3M-QX0P-2VBN-C5TA' },
    revokeInvitation: { ...invitation, status: 'revoked' },
    offeredEquivalents: [{ code: 'UAH', precision: 2, metadata: {} }],
    offerEquivalent: { code: 'UAH', precision: 2, metadata: {} },
    withdrawEquivalent: [{ code: 'UAH', precision: 2, metadata: {} }],
    operators: [operator],
    participants: participantsPage,
    appointOperator: [operator],
    hubActs: [
      {
        number: 1,
        time: TIME,
        actor: ANNA,
        role: 'admin',
        act: 'suspend',
        subject: BOB,
        reason: 'a dispute',
        before: '{"status":"active"}',
        after: '{"status":"suspended"}',
        signed: true,
        previous: KEY,
      },
    ],
    hubEdges: [hubEdge],
    hubDisagreements: [hubDisagreement],
    hubEvidence,
    addons: [addon],
    restartAddon: addon,
    checkJournal: { held: true, acts: 1, head: KEY, problem: '' },
    memberships: [membership],
    join: membership,
    leave: { ...membership, status: 'left' },
    operateAt: { result: [member] },
  };
}
