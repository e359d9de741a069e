import { afterAll, describe, expect, it } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { readHistory } from '../../../src/registry/pointer/history.ts';
import { readPointer } from '../../../src/registry/pointer/read-pointer.ts';
import { openStore } from '../../../src/stores/open.ts';
import { required } from '../../emulators/required.ts';
import { beginOwn } from '../../emulators/running.ts';
import { describeWith, useServer } from '../../emulators/servers.ts';
import { cloudEnvironment, cloudServers, cloudStore } from '../../fakes/registry/cloud.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { actorOf, Crew, prepareRace, type Race } from '../../fakes/registry/race.ts';
import { model } from '../../fakes/registry/simulation.ts';
import { temporaryStore } from '../../fakes/stores/folder.ts';

/** 1,000 promotions on each server take eight minutes: on demand (docs/testing.md). */
const isFull = process.env['COLDGATE_SOAK'] === 'full';
const thousand: Race = { writers: 50, each: 20 };
/** Where the whole test-bed is wanted; elsewhere, and on the slower of the two servers of S3, a part stands for it. */
const wanted: Partial<Record<string, Race>> = {
  ...{ file: { writers: 20, each: 10 }, azurite: { writers: 20, each: 10 } },
  ...{ moto: { writers: 12, each: 8 }, 'fake-gcs': { writers: 12, each: 8 } },
};
const raceOn = (name: string, part: Race): Race => (isFull ? thousand : (required && wanted[name]) || part);

/** Requests of a promotion besides those of its history record: goal of the contention benchmark. */
const most = 6;

/** Racing processes keep a server busy: on a shared one, what other files ask it meanwhile would time out. */
const stopServers = beginOwn();
const crew = new Crew();
afterAll(async () => {
  await crew.close();
  await stopServers();
});

async function judge(settings: StoreSettings, race: Race, env: Record<string, string> = {}): Promise<void> {
  const store = await openStore(settings);
  await prepareRace(store, race);
  const reports = await crew.race(settings, race, env);
  const total = race.writers * race.each;

  // Move 1 was made before the race.
  const won = reports.flatMap(({ sequences }) => sequences).sort((a, b) => a - b);
  expect(won).toEqual(Array.from({ length: total }, (_, at) => at + 2));

  const { records, missing, unreadable, pending } = await readHistory({ store, model, limit: total + 10 });
  expect([missing, unreadable, pending, records.length]).toEqual([[], [], false, total + 1]);
  for (const [writer, { sequences }] of reports.entries()) {
    const own = records.filter(({ actor }) => actor === actorOf(writer)).map(({ sequence }) => sequence);
    expect(own.reverse()).toEqual(sequences);
  }
  const pointer = (await readPointer(store, model))?.pointer;
  expect(pointer).toEqual(records[0]);
  expect(await checkInvariants(store, model, { settled: true })).toEqual([]);

  const requests = reports.reduce((sum, r) => sum + r.requests.pointer + r.requests.others, 0);
  expect(requests / total).toBeLessThanOrEqual(most);
}

const behaviour = 'gives every move to exactly one of many racing processes, and its history has no gap';

describe('the file store', () => {
  it(behaviour, { timeout: 900_000 }, async () => {
    const { settings, close } = await temporaryStore();
    try {
      await judge(settings, raceOn('file', { writers: 10, each: 10 }));
    } finally {
      await close();
    }
  });
});

for (const server of cloudServers) {
  describeWith(server, server, () => {
    cloudEnvironment(server);
    it(behaviour, { timeout: 900_000 }, async () => {
      const { env } = await useServer(server);
      await judge(await cloudStore(server), raceOn(server, { writers: 6, each: 8 }), env);
    });
  });
}
