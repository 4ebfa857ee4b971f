/** Every command, in the order of the help page. Parser, help and `docs/CLI.md` are made from this table. */
import type { Row } from '../command.ts';
import { bookCommands } from './books.ts';
import { identityCommands } from './identity.ts';
import { nodeCommands } from './node.ts';
import { paymentCommands } from './payments.ts';
import { peerCommands } from './peers.ts';
import { trustCommands } from './trust.ts';

export const COMMANDS: readonly Row[] = [
  ...identityCommands,
  ...nodeCommands,
  ...peerCommands,
  ...trustCommands,
  ...paymentCommands,
  ...bookCommands,
];
