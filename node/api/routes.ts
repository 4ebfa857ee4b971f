/**
 * Every endpoint of the daemon's HTTP API, once. Server, client, OpenAPI document and tests are all
 * derived from this table; a method of NodeService without an endpoint does not compile.
 */
import { z } from 'zod';
import type { NodeService } from '../service.ts';
import * as shapes from './shapes.ts';

export const API_PREFIX = '/api/v1';
/** Answers without a token: says only that something listens. */
export const HEALTH_PATH = `${API_PREFIX}/health`;
export const OPENAPI_PATH = `${API_PREFIX}/openapi.json`;

export type ServiceMethod = keyof NodeService;

/**
 * Where a method's one argument travels. Without `field` the whole object is the argument; with it
 * the argument is that member of the object.
 */
interface Input<Argument> {
  readonly in: 'params' | 'query' | 'body';
  readonly shape: Argument extends object ? z.ZodType<Argument> : z.ZodObject;
  readonly field?: Argument extends object ? never : string;
}

interface Route<Method extends ServiceMethod> {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Under {@link API_PREFIX}; `:name` is a parameter. */
  readonly path: string;
  readonly tag: 'node' | 'peers' | 'equivalents' | 'trust lines' | 'payments' | 'ledger';
  readonly summary: string;
  readonly input: Parameters<NodeService[Method]> extends [infer Argument] ? Input<Argument> : null;
  readonly response: z.ZodType<Awaited<ReturnType<NodeService[Method]>>>;
}

export const ROUTES: { readonly [Method in ServiceMethod]: Route<Method> } = {
  identity: {
    method: 'GET',
    path: '/identity',
    tag: 'node',
    summary: 'Who this node is and where it can be reached',
    input: null,
    response: shapes.Identity,
  },
  status: {
    method: 'GET',
    path: '/status',
    tag: 'node',
    summary: 'State of the node: connections, edges, payments under way, store',
    input: null,
    response: shapes.Status,
  },
  setParticipation: {
    method: 'PUT',
    path: '/participation',
    tag: 'node',
    summary: 'Take part (active), or only let debts be repaid (frozen)',
    input: { in: 'body', shape: shapes.ParticipationRequest, field: 'state' },
    response: shapes.Status,
  },
  peers: {
    method: 'GET',
    path: '/peers',
    tag: 'peers',
    summary: 'Peers that this node knows, and whether they are connected',
    input: null,
    response: z.array(shapes.Peer),
  },
  connect: {
    method: 'POST',
    path: '/peers',
    tag: 'peers',
    summary: 'Connect to a peer by multiaddr',
    input: { in: 'body', shape: shapes.ConnectRequest, field: 'address' },
    response: shapes.Peer,
  },
  contacts: {
    method: 'GET',
    path: '/contacts',
    tag: 'peers',
    summary: 'Names that this node gave to participants',
    input: null,
    response: z.array(shapes.Contact),
  },
  addContact: {
    method: 'POST',
    path: '/contacts',
    tag: 'peers',
    summary: 'Give a participant a name, and say where it can be reached',
    input: { in: 'body', shape: shapes.ContactRequest },
    response: shapes.Contact,
  },
  equivalents: {
    method: 'GET',
    path: '/equivalents',
    tag: 'equivalents',
    summary: 'What debts are measured in',
    input: null,
    response: z.array(shapes.Equivalent),
  },
  defineEquivalent: {
    method: 'POST',
    path: '/equivalents',
    tag: 'equivalents',
    summary: 'Define an equivalent: code, precision, metadata',
    input: { in: 'body', shape: shapes.EquivalentRequest },
    response: shapes.Equivalent,
  },
  trustLines: {
    method: 'GET',
    path: '/trust-lines',
    tag: 'trust lines',
    summary: 'Trust lines given and received',
    input: null,
    response: z.array(shapes.TrustLine),
  },
  setTrustLine: {
    method: 'PUT',
    path: '/trust-lines',
    tag: 'trust lines',
    summary: 'Create or update the line by which a peer may owe this participant',
    input: { in: 'body', shape: shapes.TrustLineRequest },
    response: shapes.TrustLine,
  },
  freezeTrustLine: {
    method: 'POST',
    path: '/trust-lines/freeze',
    tag: 'trust lines',
    summary: 'Freeze a line: no new debt, what is owed can still be repaid and cleared',
    input: { in: 'body', shape: shapes.TrustLineRef },
    response: shapes.TrustLine,
  },
  closeTrustLine: {
    method: 'POST',
    path: '/trust-lines/close',
    tag: 'trust lines',
    summary: 'Close a line that carries no debt and holds nothing',
    input: { in: 'body', shape: shapes.TrustLineRef },
    response: shapes.TrustLine,
  },
  routes: {
    method: 'GET',
    path: '/routes',
    tag: 'payments',
    summary: 'Ways to a payee and how much could be paid now; holds nothing',
    input: { in: 'query', shape: shapes.RoutesRequest },
    response: shapes.Routes,
  },
  pay: {
    method: 'POST',
    path: '/payments',
    tag: 'payments',
    summary: 'Pay; answers with the outcome, a refused payment being ABORTED with its reason',
    input: { in: 'body', shape: shapes.PayRequest },
    response: shapes.Payment,
  },
  transaction: {
    method: 'GET',
    path: '/transactions/:tx_id',
    tag: 'payments',
    summary: 'One transaction: state, routes, votes, certificate',
    input: { in: 'params', shape: shapes.TransactionRef, field: 'tx_id' },
    response: shapes.Transaction,
  },
  balance: {
    method: 'GET',
    path: '/balance',
    tag: 'ledger',
    summary: 'Sums per equivalent: owed to me, owed by me, what can be spent and received',
    input: null,
    response: z.array(shapes.BalanceRow),
  },
  debts: {
    method: 'GET',
    path: '/debts',
    tag: 'ledger',
    summary: 'Who owes whom, per peer and equivalent',
    input: null,
    response: z.array(shapes.DebtRow),
  },
  history: {
    method: 'GET',
    path: '/history',
    tag: 'ledger',
    summary: 'What happened, newest last; a bound keeps the newest',
    input: { in: 'query', shape: shapes.HistoryQuery },
    response: z.array(shapes.HistoryRow),
  },
  books: {
    method: 'GET',
    path: '/books',
    tag: 'ledger',
    summary: 'One row per edge, as the store of this node has it',
    input: null,
    response: z.array(shapes.BookRow),
  },
  edge: {
    method: 'GET',
    path: '/edge',
    tag: 'ledger',
    summary: 'One edge: own book, what the other end says, dispute, newest statement',
    input: { in: 'query', shape: shapes.EdgeRef },
    response: shapes.Edge,
  },
  statement: {
    method: 'POST',
    path: '/edge/statement',
    tag: 'ledger',
    summary: 'The account statement of an edge as it stands now, signed by both ends',
    input: { in: 'body', shape: shapes.EdgeRef },
    response: shapes.Statement,
  },
  backup: {
    method: 'POST',
    path: '/backup',
    tag: 'node',
    summary: 'Write a copy of the whole store, as it is now, into a new file',
    input: { in: 'body', shape: shapes.BackupRequest, field: 'file' },
    response: shapes.Backup,
  },
  audit: {
    method: 'GET',
    path: '/audit',
    tag: 'ledger',
    summary: 'The invariants that this node can check alone',
    input: null,
    response: z.array(shapes.Invariant),
  },
};

/** A row of the table with its method's types forgotten, for code that walks the whole of it. */
export interface AnyRoute {
  readonly name: ServiceMethod;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly input: {
    readonly in: 'params' | 'query' | 'body';
    readonly shape: z.ZodType;
    readonly field?: string | undefined;
  } | null;
  readonly response: z.ZodType;
}

export const ROUTE_LIST: readonly AnyRoute[] = (Object.keys(ROUTES) as ServiceMethod[]).map(
  (name) => ({ name, ...ROUTES[name] }),
);
