/** Who waits for an outcome goes on asking, at growing intervals, and in no hurry between them. */
import { expect, it } from 'vitest';
import { Village } from './harness.ts';

const PEOPLE = ['anna', 'boris', 'cyril'];
const LINES = ['boris>anna 100', 'cyril>boris 100'];
const open = () => Village.open({ people: PEOPLE, lines: LINES });
const count = (village: Village, type: string) =>
  village.sent.filter((passing) => passing.type === type).length;

it('a coordinator whose COMMIT and answers are lost many times over sends it again', async () => {
  const village = await open();
  let applied = 0;
  village.fate = ({ type, from }) => {
    if (type === 'PAYMENT_COMMIT' && from === 'boris') return 'drop';
    return type === 'PAYMENT_COMMIT_ACK' && applied++ < 4 ? 'drop' : 'deliver';
  };
  void village.begin('anna', 'boris', '5');
  await village.pass(20);
  expect(await village.calm(120_000)).toBe(true);
  expect(applied).toBeGreaterThan(4);
  expect(village.owes('anna', 'boris')).toBe(5);
  expect(Number(village.book('anna', 'boris').held)).toBe(0);
});

it('a voter in doubt asks a few times a minute, not without a pause', async () => {
  const village = await open();
  await village.learnRoutes('anna', 'cyril', '5');
  village.fate = ({ type }) => (type === 'PAYMENT_PREPARE_ACK' ? 'drop' : 'deliver');
  void village.begin('anna', 'cyril', '5');
  await village.pass(20);
  await village.kill('anna');
  await village.kill('cyril');
  await village.restart('boris');
  const before = count(village, 'STATUS_QUERY');
  await village.pass(60_000);
  const asked = count(village, 'STATUS_QUERY') - before;
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThan(30);
});
