import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { advise } from '../../src/advice/advise.ts';
import { loadConfig } from '../../src/config/load.ts';
import { factsHere } from '../../src/steps/advice/facts.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
/** Variables of the repository that an example is copied into. */
const variables = { LAMBDA_ROLE: 'arn:aws:iam::123456789012:role/coldgate-digits' };

describe('the examples', () => {
  it.each(readdirSync(examples))('%s follows its own advice', async (name) => {
    const config = await loadConfig(join(examples, name, 'models.yaml'), variables);
    for (const environment of Object.values(config.environments))
      for (const entry of Object.values(config.models)) {
        const found = advise(await factsHere(config, environment, entry));
        expect(found.filter(({ verdict }) => verdict === 'no')).toEqual([]);
      }
  });
});
