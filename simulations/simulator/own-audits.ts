/** What nodes tell of their own books, in alarms and audits: they must not be blinder than the judges, nor see ghosts. */
import type { InvariantName } from '../../node/integrity/audit.ts';
import type { Findings } from '../checkers/findings.ts';
import type { SeenHost } from './seen-host.ts';
import type { Watch } from './watch.ts';

/**
 * Not always a mistake of the node that finds it: whoever keeps no rule may sign a limit below what it is owed,
 * or show YES to one and NO to another, who then closes a line that the payment goes over. And of an edge between two
 * members of a hub that is gone for ever a node that takes one of them in learns no more than what neighbours' receipts show:
 * a part of the debt, and no line.
 */
const DEBT_OVER_LIMIT: InvariantName = 'limits';

/** One row of a node's own audit. */
interface OwnCheck {
  readonly invariant: string;
  readonly name: string;
  readonly held: boolean;
  readonly detail: string;
}

export class OwnAudits implements Watch {
  readonly #findings: Findings;
  readonly #allHonest: boolean;
  readonly #bereft: ReadonlySet<SeenHost>;

  /** @param bereft who has taken in somebody whose old agent is gone for ever; it may grow */
  constructor(findings: Findings, allHonest: boolean, bereft: ReadonlySet<SeenHost>) {
    this.#findings = findings;
    this.#allHonest = allHonest;
    this.#bereft = bereft;
  }

  alarm(host: SeenHost | undefined, text: string, invariant?: string): void {
    if (this.#isExcused(host, invariant)) return;
    this.#findings.report('alarm', `${host?.name ?? 'world'}: ${text}`);
  }

  audited(host: SeenHost, checks: readonly OwnCheck[]): void {
    for (const { invariant, name, held, detail } of checks) {
      if (held || this.#isExcused(host, invariant)) continue;
      this.#findings.report('own audit', `${host.name}: ${name}: ${detail}`);
    }
  }

  #isExcused(host: SeenHost | undefined, invariant: string | undefined): boolean {
    if (invariant !== DEBT_OVER_LIMIT) return false;
    return !this.#allHonest || (host !== undefined && this.#bereft.has(host));
  }
}
