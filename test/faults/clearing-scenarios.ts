/** The courses of events about clearings, into which the fault matrix puts its faults. */
import { accountOf, HOSTED, oweRound, say } from '../unit/engine/hosted-round.ts';
import { person } from '../unit/machines/sample-payment.ts';
import type { Role, Scenario, Stage } from './stage.ts';

const CIRCLE: readonly Role[] = ['payer', 'middle', 'payee'];
const LONG: readonly Role[] = [...CIRCLE, 'far', 'last'];

/** Each comes to owe the next 5, and the last the first. */
async function circle(stage: Stage, members = CIRCLE): Promise<void> {
  const { village } = stage;
  stage.armed = false;
  await village.trust(`${members[0]}>${members.at(-1)} 100`);
  for (const [i, debtor] of members.entries()) {
    await village.pay(debtor, members[(i + 1) % members.length]!, '5', { max_hops: 1 });
  }
  await village.calm();
  village.sent.length = 0;
  stage.armed = true;
}

const cleared: Scenario = async (stage) => {
  await circle(stage);
  stage.clear(CIRCLE);
};

/** Longer than it takes the others to find out what became of a first attempt, ms. */
const THINKING_MS = 12_000;
const LOOK_MS = 500;

/** Lets time pass in which people look for what waits for them, and `answer` it after a while. */
async function thinking(
  stage: Stage,
  isAsked: () => boolean | Promise<boolean>,
  answer: () => void | Promise<void>,
): Promise<void> {
  for (let thought = 0, waited = 0; waited < 6 * THINKING_MS; waited += LOOK_MS) {
    await stage.pass(LOOK_MS);
    if (await isAsked()) thought += LOOK_MS;
    if (thought >= THINKING_MS) await answer();
  }
}

/**
 * The payee wants to be asked, which the payer does not know: a NO, a question, and an answer after a
 * while.
 */
function answered(accept: boolean): Scenario {
  return async (stage) => {
    await circle(stage);
    const { village } = stage;
    stage.armed = false;
    await village.trust('payee>middle 100', { auto_clearing: false });
    stage.armed = true;
    stage.clear(CIRCLE);
    const pending = () =>
      village.isUp('payee') ? village.service('payee').pendingClearings() : [];
    await thinking(
      stage,
      () => pending().length > 0,
      () => {
        for (const { tx_id } of pending()) {
          stage.command('payee', () => village.service('payee').answerClearing({ tx_id, accept }));
        }
      },
    );
  };
}

/** The payer proposes a circle in which two members of the hub are, who both want to be asked. */
function answeredByMembers(accept: boolean): Scenario {
  return async (stage) => {
    const { round, village } = stage;
    stage.armed = false;
    await oweRound(round, '5');
    stage.armed = true;
    const [maria, nina] = HOSTED.map((name) => person(name).pid);
    stage.command('payer', () =>
      village
        .service('payer')
        .clearCycle({ equivalent: 'UAH', cycle: ['me', nina!, maria!], amount: '5' }),
    );
    const pending = async (member: string) =>
      village.isUp('middle') ? (await accountOf(round, member)).clearings : [];
    const areAsked = async () => (await pending('maria')).length > 0;
    await thinking(stage, areAsked, async () => {
      for (const member of HOSTED) {
        for (const clearing of await pending(member)) {
          await say(round, member, clearing, accept || member === 'nina');
        }
      }
    });
  };
}

/** The payee owes the payer, who looks for a way along debts back to it. */
const found: Scenario = async (stage) => {
  await circle(stage);
  stage.command('payer', look);
};

/** A circle of five: its far half is marked before the payer asks along the near one. */
const marked: Scenario = async (stage) => {
  await circle(stage, LONG);
  stage.command('payer', look);
};

/** A circle that a person has typed in: the payer has never met two of it, and asks for their keys. */
const given: Scenario = async (stage) => {
  await circle(stage, LONG);
  await stage.forget('payer');
  stage.clear(LONG);
};

/** The payer owes the middle, which owes the payee; all have allowed that the payer owes the payee instead. */
function shortenedBy(by: Role): Scenario {
  return async (stage) => {
    const { village } = stage;
    stage.armed = false;
    for (const line of [
      'middle>payer 100',
      'payee>middle 100',
      'payee>payer 100',
      'payer>payee 0',
    ]) {
      await village.trust(line, { allow_shortening: true });
    }
    await village.pay('payer', 'middle', '5', { max_hops: 1 });
    await village.pay('middle', 'payee', '5', { max_hops: 1 });
    await village.calm();
    village.sent.length = 0;
    stage.armed = true;
    stage.clear(CIRCLE, by, true);
  };
}

const look = (village: Stage['village']) =>
  village.service('payer').clearNow({ equivalent: 'UAH', dry_run: false });

export const CLEARING_SCENARIOS = {
  cleared,
  agreed: answered(true),
  disagreed: answered(false),
  agreedByMembers: answeredByMembers(true),
  disagreedByMembers: answeredByMembers(false),
  found,
  marked,
  given,
  shortened: shortenedBy('payer'),
  shortenedFromTheMiddle: shortenedBy('middle'),
  shortenedFromTheEnd: shortenedBy('payee'),
} satisfies Record<string, Scenario>;
