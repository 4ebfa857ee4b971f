/** The reporting add-on over a node that answers: what it asks, keeps and serves. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { ANNA, BOB } from '../api/fake-service.ts';
import { AddonStage } from './stage.ts';

let stage: AddonStage;
const GRANT = ['node', 'books', 'clearing', 'hub', 'events'];
const open = async (before?: AddonStage) => {
  stage = new AddonStage({ load: [{ use: 'reporting', grant: GRANT, config: {} }] }, before);
  await stage.becomes('running');
};
beforeEach(() => open());
afterEach(() => stage.addons.stop());

const read = async (path: string, query: Record<string, string> = {}) => {
  const { status, type, body } = await stage.get(path, query);
  return { status, type, body: type === 'application/json' ? JSON.parse(String(body)) : body };
};

describe('reports', () => {
  it('are of the whole community at a hub', async () => {
    const { body } = await read('/community');
    expect(body).toMatchObject({
      equivalent: 'UAH',
      scope: 'community',
      edges: 1,
      total_debt: '12.50',
    });
    const names = (await read('/participant', { participant: 'Bob', format: 'csv' })).body;
    expect(names).toContain(ANNA);
  });

  it('are of the own edges elsewhere', async () => {
    const refuse = () => {
      throw new GeoError('E006', 'This node is no hub.', { fault: 'no_hub' });
    };
    stage.service.hubEdges = refuse;
    expect((await read('/community')).body).toMatchObject({ scope: 'own', edges: 1 });
    const { body } = await read('/participant');
    expect(body).toMatchObject({ participant: ANNA, name: 'me' });
    expect(body.neighbours).toMatchObject([{ pid: BOB, name: 'bob' }]);
  });

  it('come as JSON, CSV and pictures', async () => {
    for (const path of ['/participant', '/community']) {
      expect(await read(path, { format: 'csv' })).toMatchObject({
        status: 200,
        type: 'text/csv; charset=utf-8',
      });
      for (const picture of ['chart', 'graph', 'heatmap']) {
        const { type, body } = await read(path, { format: 'svg', picture });
        expect(type).toBe('image/svg+xml; charset=utf-8');
        expect(body).toMatch(/^<svg .*<\/svg>\n$/s);
      }
    }
  });

  it.each([{ format: 'pdf' }, { picture: 'photograph' }, { colour: 'red' }])(
    'are not asked for with %j',
    async (query: Record<string, string>) => {
      await expect(read('/participant', query)).rejects.toMatchObject({
        details: { fault: 'bad_request' },
      });
    },
  );

  it.each([{ equivalent: 'XYZ' }, { participant: 'nobody' }])(
    'say what is wrong with %j',
    async (query: Record<string, string>) => {
      const { status, body } = await read('/participant', query);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'E009', details: { fault: 'bad_request' } });
    },
  );
});

describe('somebody who has signed in', () => {
  const as = (participant: string, isOperator: boolean, path: string, query = {}) =>
    stage.call('GET', path, query, undefined, { participant, isOperator });

  it('gets the own report, and with a role those of others', async () => {
    const own = await as(BOB, false, '/participant');
    expect(JSON.parse(String(own.body))).toMatchObject({ participant: BOB, total_debt: '12.50' });
    const other = { participant: ANNA };
    expect(await as(BOB, false, '/participant', other)).toMatchObject({ status: 403 });
    expect(await as(BOB, true, '/participant', other)).toMatchObject({ status: 200 });
    await expect(as(BOB, false, '/community')).rejects.toMatchObject({
      details: { fault: 'not_allowed' },
    });
    expect(await as(BOB, true, '/community')).toMatchObject({ status: 200 });
  });
});

describe('payments', () => {
  it('are counted once each, over a restart too', async () => {
    const paid = async () => (await read('/community')).body.growth.at(-1).payments;
    for (let each = 0; each < 3; each++) stage.happen('payment.state');
    await stage.until(() => stage.kept('reporting').counted === '0-3');
    await stage.addons.stop();
    stage.happen('payment.state');
    await open(stage);
    await stage.until(() => stage.kept('reporting').counted === '0-4');
    expect(await paid()).toBe(4);
  });
});

describe('samples', () => {
  it('are taken from the first start on, and the curve ends now', async () => {
    const samples = () => Object.keys(stage.kept('reporting')).filter((key) => /^sample/.test(key));
    await stage.until(() => samples().length === 1);
    const { growth } = (await read('/community')).body;
    expect(growth).toHaveLength(2);
    expect(growth[0]).toMatchObject({ participants: 2, total_debt: '12.50' });
  });
});
