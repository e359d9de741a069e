import type { LambdaContext } from './context.ts';
import { tagRest } from './rest-api.ts';
import { flushCache } from './rest-api-stage.ts';
import { restSettings } from './rest-api-wanted.ts';
import type { FunctionState } from './state.ts';

/** Tag on the API with the model version that its cache was last emptied for. */
const cachedTag = 'coldgate:cached';

/**
 * Empties the cache of the stage once another version is live: what is in it describes the one before. Instances that have
 * not followed yet may put that back, for as long as an answer is kept. Returns whether it did.
 */
export async function flushAnswers(context: LambdaContext, { name, restApi }: FunctionState): Promise<boolean> {
  const { endpoint } = context.settings;
  const { cache, stage } = restSettings(context.settings);
  const version = context.served.get(name);
  if (endpoint !== 'rest-api' || !cache || !restApi?.id || version === undefined) return false;
  if (restApi.tags?.[cachedTag] === version) return false;
  await flushCache(context, restApi.id, stage);
  await tagRest(context, restApi, { [cachedTag]: version });
  return true;
}
