/** What a node may choose for itself, as the engine uses it. Times in ms. Made from the configuration. */
import type { NodeConfig } from '../config/node.ts';

export type NodeSettings = Pick<
  NodeConfig,
  | 'payments'
  | 'clearing'
  | 'routes'
  | 'edges'
  | 'outbox'
  | 'commit'
  | 'limits'
  | 'hub'
  | 'memberships'
  | 'events'
  | 'sessions'
  | 'audit'
  | 'addons'
> & {
  /** Release of the program, as `geo --version` prints it. */
  readonly version: string;
};
