/** The files by which one party proves something to another, told apart. */
import { invalid } from './errors.ts';
import { decode } from './wire/cbor.ts';

export type ProofKind = 'receipt' | 'statement' | 'reports';

/**
 * Which of them a file seems to be; whether it is one, and proves anything, is checked by
 * `verifyReceipt`, `verifyStatement` and `verifyReportPair`.
 * @throws GeoError E009 `not_a_proof`, `bad_cbor`
 */
export function kindOfProof(bytes: Uint8Array): ProofKind {
  const content = decode(bytes);
  if (typeof content === 'object' && content !== null) {
    if ('manifest' in content) return 'receipt';
    if ('by_low' in content) return 'statement';
    if ('low_report' in content || 'high_report' in content) return 'reports';
  }
  throw invalid(
    'not_a_proof',
    'This is neither a receipt nor an account statement, and no pair of reports.',
  );
}
