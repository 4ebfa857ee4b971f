/** What an add-on may be let to read: each capability once, with what it opens. All of it is reading. */
import type { NodeService } from '../service/contract.ts';

interface Opening {
  readonly meaning: string;
  readonly methods: readonly (keyof NodeService)[];
}

export const CAPABILITIES = {
  node: { meaning: 'who the node is and how it is', methods: ['identity', 'status'] },
  books: {
    meaning: 'balances, debts, trust lines, transactions and the history',
    methods: [
      'equivalents',
      'trustLines',
      'balance',
      'debts',
      'books',
      'history',
      'transaction',
      'audit',
    ],
  },
  peers: { meaning: 'contacts and connections', methods: ['contacts', 'peers'] },
  clearing: {
    meaning: 'what was cleared, and what waits',
    methods: ['clearingStats', 'clearingTotals', 'pendingClearings'],
  },
  hub: {
    meaning: "the community's members, debts and lines, at a hub",
    methods: ['hubStats', 'hubMembers', 'hubEdges', 'offeredEquivalents'],
  },
  events: { meaning: 'what happens, as it happens', methods: [] },
} as const satisfies Readonly<Record<string, Opening>>;

export type Capability = keyof typeof CAPABILITIES;

export const CAPABILITY_NAMES = Object.keys(CAPABILITIES) as Capability[];

/** Whether one of the capabilities opens a method. */
export function opens(granted: readonly Capability[], method: string): method is keyof NodeService {
  return granted.some((name) => {
    const methods: readonly string[] = CAPABILITIES[name].methods;
    return methods.includes(method);
  });
}
