/** Every command, in the order of the help page. Parser, help and `docs/CLI.md` are made from this table. */
import type { Command, Row } from '../command.ts';
import { addonCommands } from './addons.ts';
import { agentCommands } from './agent.ts';
import { alsoAtUrl } from './at.ts';
import { backupCommand, restoreCommands } from './backup.ts';
import { bookCommands } from './books.ts';
import { clearingCommands } from './clearing.ts';
import { clearingPassCommands } from './clearing-pass.ts';
import { completionCommand } from './completion.ts';
import { doctorCommand } from './doctor.ts';
import { edgeCommands } from './edge.ts';
import { eventCommands } from './events.ts';
import { hubCommands } from './hub.ts';
import { hubInitCommand } from './hub-init.ts';
import { identityCommands } from './identity.ts';
import { memberCommands } from './member.ts';
import { membershipCommands } from './memberships.ts';
import { nodeCommands } from './node.ts';
import { paymentCommands } from './payments.ts';
import { peerCommands } from './peers.ts';
import { reportCommand } from './report.ts';
import { signInCommands } from './sign-in.ts';
import { simulationPrograms } from './simulations.ts';
import { startCommand } from './start.ts';
import { transactionCommands } from './transactions.ts';
import { trustCommands } from './trust.ts';
import { verifyCommand } from './verify.ts';
import { verifyStoreCommand } from './verify-store.ts';

/** What a hub answers to whoever has signed in, by the same routes as a node to its owner. */
const READ_AT_HUBS: readonly string[] = [
  'balance',
  'debts',
  'history',
  'books',
  'audit',
  'transactions',
  'tx',
  'routes',
  'edge show',
  'trust list',
  'equivalent list',
];
const readable = (rows: readonly Command[]) =>
  rows.map((row) => (READ_AT_HUBS.includes(row.words) ? alsoAtUrl(row) : row));

export const COMMANDS: readonly Row[] = [
  ...identityCommands,
  completionCommand(() => COMMANDS),
  startCommand,
  ...nodeCommands,
  ...addonCommands,
  doctorCommand,
  backupCommand,
  ...restoreCommands,
  ...peerCommands,
  ...readable(trustCommands),
  ...readable(paymentCommands),
  ...readable(transactionCommands),
  ...clearingCommands,
  ...clearingPassCommands,
  verifyCommand,
  verifyStoreCommand,
  ...readable(bookCommands),
  reportCommand,
  ...eventCommands,
  ...readable(edgeCommands),
  ...membershipCommands,
  ...memberCommands,
  ...signInCommands,
  ...agentCommands,
  hubInitCommand,
  ...hubCommands,
  ...simulationPrograms,
];
