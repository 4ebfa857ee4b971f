/** Programs that try the node out. Each reads its own command line and is loaded only when it is asked for. */
import type { Program } from '../command.ts';

export const simulationPrograms: readonly Program[] = [
  {
    words: 'demo',
    group: 'Trying it out',
    summary:
      'Run a whole network on this machine: trust lines, payments, a crash, clearings, and an audit',
    details:
      'Starts real nodes from a community file, each a process of its own, with a hub for the members without a node if the file has one, clears circles of debt, and checks all books against each other in the end. Exit code 0 only if every invariant holds.',
    examples: ['geo demo', 'geo demo --community village.yaml --payments 500 --processes 4 --json'],
    forward: async (argv) => {
      const { runDemo } = await import('../../simulations/demo/main.ts');
      return runDemo(argv);
    },
  },
  {
    words: 'bench',
    group: 'Trying it out',
    summary: 'Measure a line of real nodes beside the bare primitives of the same payments',
    details:
      'Benchmarks: payments, hub, api, events, triggers, clear, economy, route, soak, footprint, signatures, transport, store. `geo bench help` says what each measures and takes; the figures of this release are in docs/PERFORMANCE.md.',
    examples: ['geo bench payments', 'geo bench payments --hops 3 --in-flight 1,16,64 --json'],
    forward: async (argv) => {
      const { runBench } = await import('../../simulations/bench/main.ts');
      return runBench(argv);
    },
  },
  {
    words: 'simulate',
    group: 'Trying it out',
    summary:
      'Search for a run that breaks a rule of the protocol: many nodes, virtual time, faults',
    details:
      'Runs real nodes in one thread on a simulated network and simulated disks, and checks every rule after every batch. The same seed is the same run. Exit code 0 only if every rule held.',
    examples: [
      'geo simulate --seed 42 --profile lossy',
      'geo simulate --minutes 10',
      'geo simulate --mutants',
    ],
    forward: async (argv) => {
      const { runSimulator } = await import('../../simulations/simulator/run.ts');
      return runSimulator(argv);
    },
  },
];
