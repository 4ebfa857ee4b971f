/** Programs that try the node out. Each reads its own command line and is loaded only when it is asked for. */
import type { Program } from '../command.ts';

export const simulationPrograms: readonly Program[] = [
  {
    words: 'demo',
    group: 'Trying it out',
    summary: 'Run a whole network on this machine: trust lines, payments, a crash, and an audit',
    details:
      'Starts real nodes from a community file, each a process of its own, and checks all books against each other in the end. Exit code 0 only if every invariant holds.',
    examples: ['geo demo', 'geo demo --community village.yaml --payments 500 --processes 4 --json'],
    forward: async (argv) => {
      const { runDemo } = await import('../../simulations/demo/main.ts');
      return runDemo(argv);
    },
  },
];
