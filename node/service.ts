/**
 * What a running node can be asked for, by whichever door: the HTTP API, the demo, tests.
 * Every method may throw a GeoError; nothing else is a refusal.
 */
import type * as shapes from './api/shapes.ts';

export interface NodeService {
  identity(): shapes.Identity;
  status(): shapes.Status;
  peers(): shapes.Peer[];
  connect(address: string): Promise<shapes.Peer>;

  addContact(request: shapes.ContactRequest): Promise<shapes.Contact>;
  contacts(): shapes.Contact[];

  defineEquivalent(request: shapes.EquivalentRequest): Promise<shapes.Equivalent>;
  equivalents(): shapes.Equivalent[];

  /** Creates or updates the line by which `peer` may owe this node. */
  setTrustLine(request: shapes.TrustLineRequest): Promise<shapes.TrustLine>;
  freezeTrustLine(request: shapes.TrustLineRef): Promise<shapes.TrustLine>;
  closeTrustLine(request: shapes.TrustLineRef): Promise<shapes.TrustLine>;
  trustLines(): shapes.TrustLine[];

  routes(request: shapes.RoutesRequest): Promise<shapes.Routes>;
  /** Resolves with the outcome; a refusal is a Payment in state ABORTED with its reason, not an exception. */
  pay(request: shapes.PayRequest): Promise<shapes.Payment>;
  transaction(txId: string): Promise<shapes.Transaction>;

  balance(): shapes.BalanceRow[];
  debts(): shapes.DebtRow[];
  history(query: shapes.HistoryQuery): Promise<shapes.HistoryRow[]>;

  /** One row per edge of this node, as its store has it. */
  books(): shapes.BookRow[];
  /** Both views of one edge. */
  edge(request: shapes.EdgeRef): shapes.Edge;
  /** Has both ends sign the edge as it stands, unless they have already. */
  statement(request: shapes.EdgeRef): Promise<shapes.Statement>;
  /** Copies the store into a new file, at an absolute path, without stopping anything. */
  backup(file: string): Promise<shapes.Backup>;
  /** The invariants that this node can check alone. */
  audit(): Promise<shapes.Invariant[]>;

  /** Switches this participant between taking part and only letting its debts be repaid. */
  setParticipation(state: 'active' | 'frozen'): Promise<shapes.Status>;
}
