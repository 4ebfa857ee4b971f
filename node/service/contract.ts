/**
 * What a running node can be asked for, by whichever door: the HTTP API, the demo, tests.
 * Every method may throw a GeoError; nothing else is a refusal.
 */

import type { Clock } from '../ports.ts';
import type * as shapes from './shapes.ts';

/** The node itself. */
export interface NodeOperations {
  identity(): shapes.Identity;
  status(): shapes.Status;
  /** Switches this participant between taking part and only letting its debts be repaid. */
  setParticipation(state: 'active' | 'frozen'): Promise<shapes.Status>;
  /** Copies the store into a new file, at an absolute path, without stopping anything. */
  backup(file: string): Promise<shapes.Backup>;
  /** The incremental backup that is kept, if one is. */
  keptBackups(): shapes.IncrementalBackup[];
  /** Keeps one in a directory from now on, or brings its files up to date. */
  keepBackup(request: shapes.KeepBackupRequest): Promise<shapes.IncrementalBackup>;
  /** Keeps it no longer; its files stay. */
  endBackup(): Promise<shapes.IncrementalBackup[]>;
}

/** Peers and contacts. */
export interface PeerOperations {
  peers(): shapes.Peer[];
  connect(address: string): Promise<shapes.Peer>;
  contacts(): shapes.Contact[];
  addContact(request: shapes.ContactRequest): Promise<shapes.Contact>;
}

/** What debts are measured in. */
export interface EquivalentOperations {
  equivalents(): shapes.Equivalent[];
  defineEquivalent(request: shapes.EquivalentRequest): Promise<shapes.Equivalent>;
}

/** Trust lines of this node. */
export interface TrustLineOperations {
  trustLines(): shapes.TrustLine[];
  /** Creates or updates the line by which `peer` may owe this node. */
  setTrustLine(request: shapes.TrustLineRequest): Promise<shapes.TrustLine>;
  freezeTrustLine(request: shapes.TrustLineRef): Promise<shapes.TrustLine>;
  closeTrustLine(request: shapes.TrustLineRef): Promise<shapes.TrustLine>;
}

/** Routes, payments and transactions. */
export interface PaymentOperations {
  routes(request: shapes.RoutesRequest): Promise<shapes.Routes>;
  /** Resolves with the outcome; a refusal is a Payment in state ABORTED with its reason, not an exception. */
  pay(request: shapes.PayRequest): Promise<shapes.Payment>;
  /** Newest first, a page at a time. */
  transactions(query: shapes.TransactionsQuery): Promise<shapes.TransactionsPage>;
  transaction(txId: string): Promise<shapes.Transaction>;
}

/** Cycles of debts that are lowered together. */
export interface ClearingOperations {
  /** Resolves with the outcome, or as soon as somebody has to be asked; a refusal is a Clearing in state REJECTED. */
  clearCycle(request: shapes.ClearRequest): Promise<shapes.Clearing>;
  /** Looks for cycles and clears them, or in a dry run only says which there are. */
  clearNow(request: shapes.ClearNowRequest): Promise<shapes.FoundCycle[]>;
  /** What has been cleared with a part of this participant. */
  clearingStats(): shapes.ClearingStats[];
  /** What clearing has done for all whom this node knows of; at a hub, its community. */
  clearingTotals(): Promise<shapes.ClearingTotals[]>;
  /** The newest in each equivalent, since the start. */
  clearingPasses(): shapes.ClearingPass[];
  /** @throws GeoError E006 `no_hub`, E008 `pass_under_way` | `nothing_known`, E009 `unknown_equivalent` */
  beginPass(request: shapes.PassRequest): Promise<shapes.ClearingPass>;
  /** @throws GeoError E006 `no_hub`, E008 `no_pass` */
  cancelPass(): Promise<shapes.ClearingPass>;
  /** Those that wait for the word of this node's owner. */
  pendingClearings(): shapes.Clearing[];
  answerClearing(request: shapes.ClearingAnswer): Promise<shapes.Clearing>;
}

/** Balances, books and history. */
export interface LedgerOperations {
  balance(): shapes.BalanceRow[];
  debts(): shapes.DebtRow[];
  history(query: shapes.HistoryQuery): Promise<shapes.HistoryRow[]>;
  /** One row per edge of this node, as its store has it. */
  books(): shapes.BookRow[];
  /** Both views of one edge. */
  edge(request: shapes.EdgeRef): shapes.Edge;
  /** Has both ends sign the edge as it stands, unless they have already. */
  statement(request: shapes.EdgeRef): Promise<shapes.Statement>;
  /** The invariants that this node can check alone. */
  audit(): Promise<shapes.Invariant[]>;
  /** One for each equivalent, over all edges. */
  checksums(): shapes.Checksum[];
  /** Reads the whole store: every record, the invariants, the audit log and the journal of a hub. */
  verifyStore(): Promise<shapes.StoreCheck>;
  /** What was done to the node itself, oldest first. */
  auditLog(query: shapes.LogQuery): Promise<shapes.LogEntry[]>;
  /** Opens an edge again that an audit has frozen and that is sound now. */
  releaseEdge(request: shapes.ReleaseRequest): Promise<shapes.Edge>;
}

/**
 * Members without a node of their own, and books on their way from one agent to another. What takes
 * an envelope or a query rests on the member's signature in it.
 */
export interface HostedOperations {
  /** What a member has to know of its agent. */
  agentCard(): shapes.AgentCard;
  /**
   * The key of a participant that this node knows of, so that a note can be sealed for it.
   * @throws GeoError E009 `unknown_peer`, E006 `too_many_requests`
   */
  participantKey(query: shapes.KeyQuery): shapes.ParticipantKey;
  /** Resolves when it is done; of an order, when it is decided or its time is over. */
  submitEnvelope(request: shapes.Envelope): Promise<shapes.Submission>;
  memberAccount(request: shapes.MemberQuery): Promise<shapes.Account>;
  memberTransaction(request: shapes.MemberTransactionQuery): Promise<shapes.Transaction>;
  memberExport(request: shapes.MemberQuery): Promise<shapes.BooksFile>;
  exportBooks(request: shapes.ExportRequest): Promise<shapes.Exported>;
  importBooks(request: shapes.ImportRequest): Promise<shapes.Imported>;
  grantAgent(request: shapes.GrantRequest): Promise<shapes.Account>;
  revokeAgent(): Promise<shapes.Account>;
}

/** The hub of a community, for its operators. They refuse with E006 `no_hub` where there is none. */
export interface HubOperations {
  hubStats(): shapes.HubStats;
  /** By PID. */
  hubMembers(query: shapes.MembersQuery): shapes.Member[];
  changeMember(request: shapes.MemberChangeRequest): Promise<shapes.Member>;
  /** Members that came from a backup take part again. */
  confirmMembers(request: shapes.ConfirmRequest): Promise<shapes.HubStats>;
  invitations(): shapes.Invitation[];
  invite(request: shapes.InviteRequest): Promise<shapes.NewInvitation>;
  revokeInvitation(request: shapes.RevokeRequest): Promise<shapes.Invitation>;
  offeredEquivalents(): shapes.Equivalent[];
  offerEquivalent(request: shapes.OfferRequest): Promise<shapes.Equivalent>;
  /** Resolves with those that are left. */
  withdrawEquivalent(request: shapes.WithdrawRequest): Promise<shapes.Equivalent[]>;
  operators(): shapes.Operator[];
  appointOperator(request: shapes.AppointRequest): Promise<shapes.Operator[]>;
  /** Entries of the journal, oldest first; without `after` the newest. */
  hubActs(query: shapes.ActsQuery): Promise<shapes.HubAct[]>;
  checkJournal(query: shapes.JournalQuery): Promise<shapes.JournalCheck>;
  /** Edges whose ends report different things for too long; those that stand first. */
  hubDisagreements(query: shapes.DisagreementsQuery): shapes.HubDisagreement[];
  /** @throws GeoError E009 `no_disagreement` */
  hubEvidence(query: shapes.EvidenceQuery): shapes.HubEvidence;
  /** Every debt and line of the community, as far as the hub knows them. */
  hubEdges(query: shapes.HubEdgesQuery): shapes.HubEdge[];
}

/** Who belongs to the community of this hub, for its members. */
export interface DirectoryOperations {
  /** @throws GeoError E006 `no_hub` */
  participants(query: shapes.ParticipantsQuery): shapes.ParticipantsPage;
}

/** This participant's memberships. */
export interface MembershipOperations {
  memberships(): shapes.Membership[];
  join(request: shapes.JoinRequest): Promise<shapes.Membership>;
  leave(request: shapes.LeaveRequest): Promise<shapes.Membership>;
  /** Asks a hub at which this participant has a role for one of its operations. */
  operateAt(request: shapes.RemoteRequest): Promise<shapes.RemoteAnswer>;
}

/** Signing in by HTTP. A session lets its holder read; what changes books is signed as before. */
export interface SessionOperations {
  challenge(request: shapes.ChallengeRequest): shapes.Challenge;
  signIn(request: shapes.SignInRequest): Promise<shapes.Tokens>;
  exchangeTokens(request: shapes.ExchangeRequest): Promise<shapes.Tokens>;
  /** Ends with E006 `no_links` where the hub does not want them, as the next three. */
  makeLink(request: shapes.LinkRequest): Promise<shapes.NewLink>;
  endLink(request: shapes.EndLinkRequest): Promise<shapes.EndedLink>;
  /** A session to read with, begun without the key. */
  signInByLink(request: shapes.LinkSignInRequest): Promise<shapes.Tokens>;
  links(): shapes.Link[];
  sessions(): shapes.Session[];
  endSession(session: string): Promise<shapes.Session>;
}

/** What has happened, for programs that follow it. */
export interface EventOperations {
  events(query: shapes.EventsQuery): Promise<shapes.EventPage>;
}

/** Programs that run inside the node, each in a thread of its own. */
export interface AddonOperations {
  addons(): shapes.Addon[];
  /** Starts one again that has been given up, or is not well. */
  restartAddon(name: string): Promise<shapes.Addon>;
}

/** Tells when there is something new; the events themselves are read by {@link EventOperations}. */
export interface LiveSource {
  readonly clock: Clock;
  /** Calls whenever there may be more events. @returns ends it */
  follow(follower: () => void): () => void;
  /** PIDs of peers that are connected now. */
  connected(): string[];
  followPeers(follower: (peer: string, connected: boolean) => void): () => void;
}

/** Everything that can be asked; one interface per resource. */
export interface NodeService
  extends NodeOperations,
    PeerOperations,
    EquivalentOperations,
    TrustLineOperations,
    PaymentOperations,
    ClearingOperations,
    LedgerOperations,
    HostedOperations,
    HubOperations,
    DirectoryOperations,
    MembershipOperations,
    EventOperations,
    SessionOperations,
    AddonOperations {}

/** What a participant may ask of its own books, whoever keeps them. */
export type OwnBooks = Pick<
  NodeService,
  | 'trustLines'
  | 'balance'
  | 'debts'
  | 'history'
  | 'books'
  | 'pendingClearings'
  | 'clearingStats'
  | 'transactions'
  | 'transaction'
>;

/** Somebody who has signed in. */
export interface SignedIn {
  readonly session: string;
  readonly participant: string;
  /** At the hub; null: none. */
  readonly role: shapes.Operator['role'] | null;
}

/** Whoever does not hold the token of the home. */
export interface Visitor {
  /** Network address, as the HTTP door saw it. */
  readonly address: string;
  readonly signedIn?: SignedIn;
}

/** Where visitors are received. */
export interface Reception {
  /** @throws GeoError E006 `bad_token` */
  holderOf(accessToken: string): SignedIn;
  /** Whether a token of the session still opens what it opened. */
  isInForce(signedIn: SignedIn): boolean;
  /** What tells when there is something new for whoever has signed in. */
  liveFor(signedIn: SignedIn): LiveSource;
  /** What the visitor may ask for, answered for that visitor; nothing else is in it. */
  serviceFor(visitor: Visitor): Partial<NodeService>;
}
