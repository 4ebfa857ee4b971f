/** The courses of events into which the fault matrix puts its faults. */
import { person } from '../unit/machines/sample-payment.ts';
import { CLEARING_SCENARIOS } from './clearing-scenarios.ts';
import type { Role, Scenario, Stage } from './stage.ts';

/** Nothing else is wrong. */
const paid: Scenario = async (stage) => stage.pay();

/** The payee has lowered its line and the payer does not know: a NO, and so an ABORT. */
const refused: Scenario = async (stage) => {
  stage.command('payee', setLine('payee', 'middle', '1'));
  await stage.pass(100);
  stage.pay();
};

/** The certificate does not get through for a while, so the voters ask. */
const inDoubt: Scenario = async (stage) => {
  const { clock } = stage.village;
  const over = clock.now() + 4_000;
  stage.lose(({ type }) => type === 'PAYMENT_COMMIT' && clock.now() < over);
  stage.pay();
};

/** The coordinator is gone for twenty seconds after its decision: the voters withdraw. */
const coordinatorGone: Scenario = async (stage) => {
  stage.lose(({ type }) => type === 'PAYMENT_COMMIT');
  stage.pay();
  await stage.pass(20);
  if (stage.village.isUp('payer')) await stage.village.kill('payer');
  await stage.pass(20_000);
  stage.lose(() => false);
  if (!stage.village.isUp('payer')) await stage.village.start('payer');
};

const lineCreated: Scenario = async (stage) =>
  stage.command('payer', setLine('payer', 'middle', '7'));

const lineUpdated: Scenario = async (stage) =>
  stage.command('middle', setLine('middle', 'payer', '150'));

const lineClosed: Scenario = async (stage) =>
  stage.command('payee', (village) => {
    const line = { peer: village.pid('middle'), equivalent: 'UAH' };
    return village.service('payee').closeTrustLine(line);
  });

/** The middle was down and is back: both ends of its edges compare their books. */
const reunited: Scenario = async (stage) => {
  const { village } = stage;
  stage.armed = false;
  await village.pay('payer', 'payee', '5');
  await village.calm();
  await village.kill('middle');
  await village.pass(100);
  stage.armed = true;
  await village.start('middle');
};

/** The middle comes back with books from before the payment: its neighbours supply what it lacks. */
const restored: Scenario = async (stage) => {
  const { village } = stage;
  stage.armed = false;
  const old = village.disk('middle').snapshot();
  await village.pay('payer', 'payee', '5');
  await village.calm();
  await village.kill('middle');
  village.disk('middle').restore(old);
  stage.armed = true;
  await village.start('middle');
};

/** The payer's node has been restarted, and knows no routes any more. */
const searched: Scenario = async (stage) => {
  await stage.forget('payer');
  stage.pay();
};

const joined: Scenario = async (stage) => stage.join('payer');

/** Both ends of an edge report it to the hub of which they are members. */
const reported: Scenario = async (stage) => {
  await becomeMembers(stage);
  await stage.village.introduce('payee', 'payer');
  stage.command('payee', setLine('payee', 'payer', '50'));
};

/** The hub tells its member a way. */
const asked: Scenario = async (stage) => {
  await becomeMembers(stage);
  await stage.forget('payer');
  stage.pay();
};

/** The hub defines one equivalent more for its community. */
const defined: Scenario = async (stage) => {
  await becomeMembers(stage);
  stage.command('middle', (village) =>
    village
      .service('middle')
      .offerEquivalent({ code: 'HOUR', precision: 1, metadata: {}, reason: '' }),
  );
};

/** The hub finds the way for its member, and carries its order out. */
const ordered: Scenario = async (stage) => {
  await becomeMembers(stage);
  stage.pay({ by_hub: true, note: 'for the honey' });
};

/** The payer lets the hub vote for it. */
const granted: Scenario = async (stage) => {
  await becomeMembers(stage);
  await stage.village.trust('payee>payer 50');
  stage.command('payer', grantHub);
};

/** ... and votes for itself again. */
const revoked: Scenario = async (stage) => {
  stage.armed = false;
  await granted(stage);
  await stage.village.calm();
  stage.armed = true;
  stage.command('payer', (village) => village.service('payer').revokeAgent());
};

async function becomeMembers(stage: Stage): Promise<void> {
  const { armed } = stage;
  stage.armed = false;
  stage.command('middle', (village) =>
    village
      .service('middle')
      .offerEquivalent({ code: 'UAH', precision: 2, metadata: {}, reason: '' }),
  );
  for (const role of ['payer', 'payee'] as const) stage.join(role);
  await stage.village.calm();
  stage.armed = armed;
}

/** A member leaves its hub. */
const left: Scenario = async (stage) => {
  await becomeMembers(stage);
  stage.command('payer', (village) =>
    village.service('payer').leave({ hub: village.pid('middle') }),
  );
};

/** Of a member of the hub the payer knows only who it is, and gives it a line. */
const soughtAfter: Scenario = async (stage) =>
  stage.command('payer', (village) =>
    village
      .service('payer')
      .setTrustLine({ peer: person('maria').pid, equivalent: 'UAH', limit: '7' }),
  );

const grantHub = (village: Stage['village']) =>
  village.service('payer').grantAgent({ peer: village.pid('middle'), days: 30 });

export const SCENARIOS = {
  paid,
  refused,
  inDoubt,
  coordinatorGone,
  lineCreated,
  lineUpdated,
  lineClosed,
  reunited,
  restored,
  ...CLEARING_SCENARIOS,
  searched,
  joined,
  reported,
  asked,
  defined,
  ordered,
  granted,
  revoked,
  left,
  soughtAfter,
} satisfies Record<string, Scenario>;

function setLine(from: Role, to: Role, limit: string) {
  return (village: Stage['village']) =>
    village.service(from).setTrustLine({ peer: village.pid(to), equivalent: 'UAH', limit });
}
