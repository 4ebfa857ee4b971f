/** How the nodes of a world are set up: the configuration's defaults, but shorter lives, so that more happens. */
import { NodeConfig } from '../../config/node.ts';
import type { NodeSettings } from '../../node/settings.ts';
import type { Plan } from './plan.ts';

const defaults = NodeConfig.parse({});

const SETTINGS: NodeSettings = {
  ...defaults,
  version: 'simulated',
  payments: { ...defaults.payments, order_life_ms: 30_000 },
  outbox: { ...defaults.outbox, retry_max_ms: 20_000 },
  memberships: { ...defaults.memberships, renew_ms: 20_000, report_ms: 15_000, retry_ms: 4_000 },
};

const HUB: NodeSettings['hub'] = {
  ...defaults.hub,
  enabled: true,
  admission: 'open',
  name: 'simulated',
  report_life_ms: 40_000,
};

const CLEARING = { ...defaults.clearing, consent_ms: 8_000, spare_ms: 10_000 };

/** The settings of each host, by its number. */
export function settingsOf(plan: Pick<Plan, 'triggers' | 'hub' | 'longestCycles'>) {
  const { triggers, hub, longestCycles } = plan;
  return (host: number): NodeSettings => {
    const clearing = { ...CLEARING, trigger: triggers, max_length: longestCycles[host]! };
    if (host !== hub?.host) return { ...SETTINGS, clearing };
    return { ...SETTINGS, clearing: { ...clearing, pass_ms: hub.passMs }, hub: HUB };
  };
}
