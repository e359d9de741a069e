import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { push } from './payloads.ts';
import { Repository } from './repository.ts';

const one = new Repository();
const other = new Repository();

afterAll(async () => {
  await other.remove();
  await one.remove();
});

it('lets one of two runs at once win; the other says who did', async () => {
  const store = `file:${one.path('store')}`;
  const before = '0'.repeat(40);
  const ship = (at: Repository, actor: string) =>
    at.on('push', push({ ref: 'refs/heads/main', before }), {}, { GITHUB_ACTOR: actor });
  one.commit();
  expect((await ship(one, 'octocat')).exit).toBe(0);
  one.commit({ version: '1.1.0', bias: 0.75 });
  other.commit({ version: '1.2.0', bias: 0.25, store });

  // Both measure for seconds against 1.0.0 before either can swap.
  const [first, second] = await Promise.all([ship(one, 'alice'), ship(other, 'bob')]);
  const runs = [
    { actor: 'alice', version: '1.1.0', step: first },
    { actor: 'bob', version: '1.2.0', step: second },
  ];
  const winner = runs.find((run) => run.step.exit === 0);
  const loser = runs.find((run) => run !== winner);
  expect(runs.map((run) => run.step.exit).sort()).toEqual([0, 6]);
  const message = loser?.step.annotations.find((a) => a.level === 'error')?.message;
  expect(message).toContain(winner?.actor);
  expect(message).toContain(winner?.version);
  expect(loser?.step.summary).toContain(winner?.actor);
  const pointer = JSON.parse(readFileSync(one.path('store/digits/staging.json'), 'utf8'));
  expect(pointer).toMatchObject({ version: winner?.version, actor: winner?.actor, sequence: 2 });
  expect(readdirSync(one.path('store/digits/history/staging'))).toHaveLength(2);
});
