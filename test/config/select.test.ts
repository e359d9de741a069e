import { describe, expect, it } from 'vitest';
import { selectEnvironment, selectModels } from '../../src/config/select.ts';
import type { Config, Environment, ModelEntry } from '../../src/config/types.ts';

const config = (environments: string[], models: string[]): Config => ({
  file: '/repo/models.yaml',
  root: '/repo',
  environments: Object.fromEntries(environments.map((name) => [name, { name } as Environment])),
  models: Object.fromEntries(models.map((name) => [name, { name } as ModelEntry])),
});

describe('selectModels', () => {
  it('answers in the order of the file, all without names', () => {
    const models = config(['local'], ['b', 'a', 'c']);
    expect(selectModels(models, []).map((m) => m.name)).toEqual(['b', 'a', 'c']);
    expect(selectModels(models, ['c', 'b', 'c']).map((m) => m.name)).toEqual(['b', 'c']);
  });

  it('names every model that is not there, with the nearest and all that are', () => {
    const attempt = () => selectModels(config(['local'], ['digits', 'letters']), ['digit', 'letters', 'toString']);
    expect(attempt).toThrow(expect.objectContaining({ code: 'unknown-model', exit: 2 }));
    expect(attempt).toThrow(/digits, letters.*Did you mean digits\?\n.*toString/);
  });
});

describe('selectEnvironment', () => {
  it('takes the one that is named, the only one, or local', () => {
    expect(selectEnvironment(config(['staging', 'local'], []), 'staging').name).toBe('staging');
    expect(selectEnvironment(config(['staging'], [])).name).toBe('staging');
    expect(selectEnvironment(config(['staging', 'local'], [])).name).toBe('local');
  });

  it('lists what there is when none can be chosen or the name is wrong', () => {
    const two = config(['staging', 'production'], []);
    expect(() => selectEnvironment(two)).toThrow(expect.objectContaining({ code: 'no-environment', exit: 2 }));
    expect(() => selectEnvironment(two, 'prodution')).toThrow(/staging, production.*Did you mean production\?/);
    expect(() => selectEnvironment(two, 'constructor')).toThrow(
      expect.objectContaining({ code: 'unknown-environment' }),
    );
  });
});
