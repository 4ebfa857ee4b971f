/** Looks over a whole store, of a node that runs or of one at rest. It finds, and changes nothing. */
import { Journal } from './hub/journal.ts';
import { auditBooks, type InvariantRow } from './integrity/audit.ts';
import type { EquivalentChecksum } from './integrity/checksums.ts';
import type { Store, VerifySignature } from './ports.ts';
import { checkRecords } from './store/forms.ts';
import { keys } from './store/keys.ts';

export interface StoreCheck {
  readonly records: number;
  readonly rows: readonly InvariantRow[];
  readonly checksums: readonly EquivalentChecksum[];
  /** A sentence for each thing that is not as it must be; none: the store is sound. */
  readonly problems: readonly string[];
}

/**
 * Reads every record by its form; if all can be read, rebuilds the books from the receipts, and follows the audit
 * log and, at a hub, the journal from their beginnings.
 * @param rest called between slices of the work
 */
export async function verifyStore(
  store: Store,
  verify: VerifySignature,
  rest: () => Promise<void>,
): Promise<StoreCheck> {
  const { records, problems } = await checkRecords(store, rest);
  // What cannot be read cannot be added up either.
  if (problems.length > 0) return { records, rows: [], checksums: [], problems };
  const { rows, findings, checksums } = await auditBooks(store, undefined, rest);
  const journal = await new Journal(headsIn(store), store, verify).verify();
  const broken = rows.filter(({ held }) => !held);
  return {
    records,
    rows,
    checksums,
    problems: [
      ...broken.map(({ name, detail }) => `not so: ${name}; ${detail}`),
      ...findings.map(
        ({ edge: { low, high, equivalent }, detail }) =>
          `the edge of ${low} and ${high} in ${equivalent}: ${detail}`,
      ),
      ...(journal.held ? [] : [`the journal of the hub: ${journal.problem}`]),
    ],
  };
}

/** The single values of a store, as a node that runs has them in memory. */
function headsIn(store: Store) {
  return { meta: { get: (name: string) => store.get(keys.meta(name)) } };
}
