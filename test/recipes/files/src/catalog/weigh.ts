import { config, environment, model, results } from './shared.ts';
import { verb } from './spec.ts';

export const weigh = verb({
  name: 'weigh',
  summary: 'Says what the versions of each model take in the store.',
  about: 'Lists every version, complete or not, and adds up its bytes. Changes nothing.',
  examples: ['coldgate weigh --environment production'],
  inputs: [config, environment, model],
  outputs: [{ name: 'bytes', description: 'Of all versions of the model.' }, results],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/weigh.ts')).run,
});
