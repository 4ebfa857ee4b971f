/** The other side of `thread.ts`: loads the add-on's module and does what the node asks of it. */
import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { Conversation } from './conversation.ts';
import type { AddonDefinition } from './define.ts';
import type { FromThread, Note, Order, Question, ToThread, Word } from './messages.ts';
import { Stage } from './stage.ts';

// An add-on is written against this node's own pieces, wherever its file lies.
const OWN = new Map([['geo-node/addon', new URL('./define.ts', import.meta.url)]]);
const published = !import.meta.url.endsWith('.ts');
registerHooks({
  resolve: (specifier, context, next) => {
    const own = OWN.get(specifier);
    if (own === undefined) return next(specifier, context);
    return { url: published ? own.href.replace(/\.ts$/, '.js') : own.href, shortCircuit: true };
  },
  // A single file is a module, whatever a package.json somewhere above it says.
  load: (url, context, next) =>
    next(url, url.endsWith('.ts') ? { ...context, format: 'module-typescript' } : context),
});

const port = parentPort!;
let stage: Stage | undefined;

const conversation = new Conversation<Question, Note>((message) =>
  port.postMessage(message satisfies FromThread),
);
port.on('message', (message: ToThread) => {
  if (message.type === 'ask') void conversation.reply(message.id, () => obey(message.about));
  else if (message.type === 'tell') stage?.hear(message.about satisfies Word);
  else conversation.answered(message);
});

async function obey(order: Order): Promise<unknown> {
  if (order.kind === 'ping') return null;
  if (order.kind === 'load') {
    const definition = await load(order.module);
    stage = new Stage(definition, readConfig(definition, order.config), conversation);
    const { name, version, about, capabilities } = definition;
    return { name, version, about, capabilities: [...capabilities] };
  }
  if (stage === undefined) throw new Error('nothing is loaded');
  return stage.obey(order);
}

async function load(module: string): Promise<AddonDefinition> {
  const { default: definition } = (await import(module)) as { default?: unknown };
  const { setup, config } = (definition ?? {}) as Partial<AddonDefinition>;
  if (typeof setup !== 'function' || typeof config?.safeParse !== 'function') {
    throw new Error(
      'the module has no add-on as its default export: export default defineAddon(…)',
    );
  }
  return definition as AddonDefinition;
}

function readConfig(definition: AddonDefinition, given: unknown): unknown {
  const parsed = definition.config.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    return path.length === 0 ? message : `${path.join('.')}: ${message}`;
  });
  throw new Error(`its config is not what it expects: ${faults.join('; ')}`);
}
