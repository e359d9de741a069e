import type { SeenGateway } from '../../rollout/surroundings.ts';
import type { LambdaContext } from './context.ts';
import { findApi } from './http-api.ts';
import { functionName } from './names.ts';
import { findRestApi } from './rest-api.ts';
import { missingPlans } from './rest-api-plans.ts';
import { stageOf } from './rest-api-stage.ts';
import { restSettings } from './rest-api-wanted.ts';

/** The API in front of a function, as the function's region has it; undefined where models.yaml names none. */
export async function seenGateway(context: LambdaContext, given: string): Promise<SeenGateway | undefined> {
  const { endpoint, region } = context.settings;
  const name = functionName(given);
  if (endpoint === 'http-api') {
    const isThere = (await findApi(context, name)) !== undefined;
    return { region, missing: isThere ? [] : ['the HTTP API'] };
  }
  if (endpoint !== 'rest-api') return undefined;
  const api = await findRestApi(context, name);
  if (api?.id === undefined) return { region, missing: ['the REST API'] };
  const { stage, plans } = restSettings(context.settings);
  const hasStage = (await stageOf(context, api.id, stage)) !== undefined;
  const without = await missingPlans(context, name, { apiId: api.id, stage }, plans);
  return {
    region,
    missing: [...(hasStage ? [] : [`the stage ${stage}`]), ...without.map((plan) => `the usage plan ${plan}`)],
  };
}
