import { fileURLToPath } from 'node:url';
import { selectEnvironment } from '../config/select.ts';
import type { Config, Environment } from '../config/types.ts';
import { bucketRef } from '../iam/subject.ts';
import { type Premises, renderAdvice } from '../registry/suggest/advice.ts';
import { adviceFor } from '../registry/suggest/suggest.ts';
import { readConfig } from './read-config.ts';
import { markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import type { WorkInput } from './workspace.ts';

export interface SuggestInput extends WorkInput {
  coldAfter: number;
  keep: number;
}

const unique = (words: readonly string[]): string[] => [...new Set(words)].sort();

function premisesOf({ environments, models }: Config, { store }: Environment, input: SuggestInput): Premises {
  const { url, region, endpoint } = store;
  const place = url.startsWith('file:')
    ? { store: undefined, bucket: fileURLToPath(url), account: '', root: '' }
    : bucketRef(store);
  const sharing = Object.values(environments).filter((other) => other.store.url === url);
  const all = Object.values(models);
  return {
    ...place,
    ...{ region, endpoint, coldAfter: input.coldAfter, keep: input.keep },
    pointers: unique(sharing.map(({ pointer }) => pointer)),
    models: unique(all.map(({ name }) => name)),
    files: unique(all.flatMap(({ files }) => files.map(({ path }) => path))),
  };
}

/** `coldgate doctor --suggest`: what the owner of the store should set up. Asks no cloud and changes nothing. */
export async function suggest(input: SuggestInput, context: Context): Promise<VerbResult> {
  const config = await readConfig(input.config, context, { checkFiles: false });
  const environment = selectEnvironment(config, input.environment);
  const { url } = environment.store;
  const advice = adviceFor(premisesOf(config, environment, input));
  const count = advice.length === 1 ? '1 thing' : `${advice.length} things`;
  const head = `${url}: ${count} to set up, as commands to read and then to run.`;
  const rows = advice.map(({ name, why }) => [name, why]);
  return {
    outputs: { healthy: '' },
    document: { environment: environment.name, url, advice },
    verbatim: true,
    lines: [head],
    summary: `## Coldgate doctor\n\n${head}\n\n${markdownTable(['what', 'why'], rows)}`,
    text: renderAdvice(environment.name, url, advice),
  };
}
