/** What a fake hub, and somebody who has joined one, answer. */
import type * as shapes from '../../../node/service/shapes.ts';

const ANNA = '3yMApqCuCjXDWPrbjfR5mjCPTHqFG8Pux1TxQrEM35jj';
const BOB = '8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2';
const KEY = 'a'.repeat(64);
const TIME = '2026-03-01T12:00:00.000Z';

export const addon: shapes.Addon = {
  source: './greeter.ts',
  name: 'greeter',
  version: '1.0.0',
  about: 'Greets.',
  state: 'running',
  reason: null,
  asks: ['books'],
  granted: ['books'],
  sockets: [],
  routes: ['GET /hello'],
  topics: ['payment.received'],
  jobs: [],
  restarts: 0,
  failures: 0,
  stored_bytes: 12,
};

export const hubEdge: shapes.HubEdge = {
  equivalent: 'UAH',
  low: ANNA,
  high: BOB,
  balance: '12.50',
  low_gives: '100.00',
  high_gives: '0.00',
};

export const hubDisagreement: shapes.HubDisagreement = {
  equivalent: 'UAH',
  low: ANNA,
  high: BOB,
  since: TIME,
  ended: null,
  by_low: { balance: '12.50', up: '87.50', down: '0.00' },
  by_high: { balance: '2.50', up: '97.50', down: '0.00' },
  own: null,
};
export const hubEvidence: shapes.HubEvidence = {
  ...hubDisagreement,
  low_report: 'd284',
  high_report: null,
};

export const hubStats: shapes.HubStats = {
  community: 'The village',
  about: '',
  admission: 'approval',
  members: { pending: 1, refused: 0, active: 2, suspended: 0, left: 0, deleted: 0 },
  hosted: 1,
  connected: 1,
  invitations_open: 1,
  operators: 0,
  equivalents: ['UAH'],
  acts: 1,
  head: KEY,
  index: [{ equivalent: 'UAH', participants: 3, edges: 2, differing: 0, stale: 0 }],
  disagreements: 1,
  reports_refused: { not_your_edge: 2 },
  unconfirmed: false,
};
export const member: shapes.Member = {
  pid: BOB,
  name: 'Bob',
  about: 'bakes bread',
  kind: 'person',
  hosted: false,
  status: 'active',
  reason: '',
  asked: TIME,
  joined: TIME,
  since: TIME,
  invitation: null,
  connected: true,
  disagreements: 0,
};
export const invitation: shapes.Invitation = {
  id: KEY,
  status: 'open',
  uses: 1,
  used: 0,
  made: TIME,
  expires: TIME,
  by: ANNA,
  note: 'for the choir',
};
export const participantsPage: shapes.ParticipantsPage = {
  items: [
    { pid: BOB, name: 'Bob', about: '', kind: 'person', hosted: true, active: true, joined: null },
  ],
  next: null,
};
export const operator: shapes.Operator = { pid: ANNA, name: null, role: 'admin', since: null };
export const membership: shapes.Membership = {
  hub: BOB,
  community: 'The village',
  about: '',
  status: 'active',
  wish: null,
  reason: '',
  fault: null,
  equivalents: ['UAH'],
  conflicts: [],
  answered: TIME,
};
