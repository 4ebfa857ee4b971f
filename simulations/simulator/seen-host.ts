/** A host as those see it who carry its frames or watch it: they start and crash nothing. */
import type { Identity } from './identities.ts';

export interface SeenHost {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly identity: Identity;
  /** Keeps no rule; what it stores and claims proves nothing. */
  readonly isHostile: boolean;
  /** How often its process has been started. */
  readonly incarnation: number;
  /** Participants that its node votes for, 64 hexadecimal digits each. */
  readonly serves: ReadonlySet<string>;
  readonly disk: { readonly image: ReadonlyMap<string, Uint8Array> };
}
