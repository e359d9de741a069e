import { describe, expect, it } from 'vitest';
import { Renewed } from '../../../src/handler/readers/credentials/renewed.ts';

const minute = 60_000;

/** Credentials that last an hour each, fetched when the test says. */
function simulation(lasting: number = 60 * minute) {
  const clock = { now: 0 };
  const fetched: number[] = [];
  const state: { failure: Error | undefined } = { failure: undefined };
  const renewed = new Renewed(
    async () => {
      fetched.push(clock.now);
      await Promise.resolve();
      if (state.failure) throw state.failure;
      return {
        name: `n${fetched.length}`,
        expiresAt: lasting === Number.POSITIVE_INFINITY ? undefined : clock.now + lasting,
      };
    },
    () => clock.now,
  );
  const name = async (): Promise<string> => (await renewed.get()).name;
  return { clock, fetched, state, renewed, name };
}

describe('credentials that end', () => {
  it('are fetched when they are first needed, and renewed five minutes before they end', async () => {
    const { clock, fetched, name } = simulation();
    expect(fetched).toEqual([]);
    for (const [at, expected] of [
      [0, 'n1'],
      [54, 'n1'],
      [55, 'n2'],
      [109, 'n2'],
      [110, 'n3'],
      [1000, 'n4'],
    ] as const) {
      clock.now = at * minute;
      expect([at, await name()]).toEqual([at, expected]);
    }
  });

  it('are renewed once, however many wait for them', async () => {
    const { clock, fetched, name } = simulation();
    expect(await Promise.all([name(), name(), name()])).toEqual(['n1', 'n1', 'n1']);
    clock.now = 56 * minute;
    expect(await Promise.all([name(), name(), name()])).toEqual(['n2', 'n2', 'n2']);
    expect(fetched).toHaveLength(2);
  });

  it('go on while renewing them fails, until they end', async () => {
    const { clock, state, name } = simulation();
    await name();
    state.failure = new Error('no answer');
    clock.now = 59 * minute;
    expect(await name()).toBe('n1');
    clock.now = 60 * minute;
    await expect(name()).rejects.toThrow('no answer');
    state.failure = undefined;
    expect(await name()).toBe('n4');
  });

  it('are asked for half a minute apart at most where the service still gives the old ones', async () => {
    const { clock, fetched, name } = simulation(4 * minute);
    for (clock.now = 0; clock.now < minute; clock.now += 1000) await name();
    expect(fetched).toEqual([0, 30_000]);
  });

  it('are fetched again once they are rejected, and not when those rejected are old already', async () => {
    const { fetched, renewed, name } = simulation();
    const first = await renewed.get();
    renewed.reject(first);
    expect(await name()).toBe('n2');
    renewed.reject(first);
    expect(await name()).toBe('n2');
    expect(fetched).toHaveLength(2);
  });

  it('are tried again after a failure', async () => {
    const { state, name } = simulation();
    state.failure = new Error('not yet');
    await expect(name()).rejects.toThrow('not yet');
    state.failure = undefined;
    expect(await name()).toBe('n2');
  });
});

it('credentials without an end are fetched once', async () => {
  const { clock, fetched, name } = simulation(Number.POSITIVE_INFINITY);
  for (const at of [0, 1, 1e12]) {
    clock.now = at;
    await name();
  }
  expect(fetched).toHaveLength(1);
});
