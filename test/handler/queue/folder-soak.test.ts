import { afterAll, expect, it } from 'vitest';
import { openAdapterBed } from '../platforms/adapter-bed.ts';
import { answerOf, soakFolder } from './soak.ts';

const bed = await openAdapterBed();
afterAll(bed.remove);

const isFull = process.env['COLDGATE_SOAK'] === 'full';
const size = isFull ? { messages: 1000, kills: 50 } : { messages: 200, kills: 10 };

it(`${size.messages} jobs in a folder survive ${size.kills} killed processes, each with one result`, async () => {
  const { ids, kills, results, dead, again } = await soakFolder(bed, { ...size, processes: 3 });
  expect(ids.size).toBeGreaterThanOrEqual(size.messages);
  expect([kills, new Set(ids.values()).size]).toEqual([size.kills, ids.size]);
  const byId = new Map(results.map((one) => [one['id'], one]));
  expect([results.length, byId.size, dead]).toEqual([ids.size, ids.size, []]);
  // Kills in the middle of work, and not between two jobs, are what this is about.
  if (isFull) expect(again).toBeGreaterThan(0);
  for (const [job, id] of ids) expect(byId.get(id)).toMatchObject({ status: 'done', answer: answerOf(job) });
}, 300_000);
