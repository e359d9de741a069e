import { ColdgateError, ConflictError, exitCodes } from '../../errors.ts';
import { type GatewayAccess, GatewayFailure, isFull, poll } from './gateway-client.ts';
import { makeRoom } from './gateway-prune.ts';
import { change, listConfigs } from './gateway-resources.ts';
import { idOf, type Learned, type Step } from './gateway-steps.ts';
import type { WantedGateway } from './gateway-wanted.ts';

/** One run on one gateway, and what it has learned. */
export interface GatewayRun extends Learned {
  access: GatewayAccess;
  wanted: WantedGateway;
  /** Whether anything had to be changed, by this run or by another one that it has waited for. */
  changed: boolean;
  /** Whether the API's service was found to be enabled. */
  isChecked: boolean;
  /** Config that this run has put into the gateway. */
  served: string | undefined;
}

type Action = Exclude<Step, { do: 'nothing' | 'wait' }>;

/** Does one step. What others have done meanwhile is no failure: the next look shows it. */
export async function perform(run: GatewayRun, step: Action): Promise<void> {
  const { access } = run;
  try {
    await act(run, step);
  } catch (error) {
    if (!(error instanceof GatewayFailure)) throw error;
    if (step.do === 'create-config') return configFailed(run, step.id, error);
    const isGateway = step.do === 'create-gateway' || step.do === 'update-gateway';
    if (isGateway && rejectConfig(run, step.config, error)) return;
    if (error.status !== 409 && !(error.status === 404 && step.do === 'delete')) throw error;
    access.log.debug(`${step.do}: ${error.message}; looking again.`);
    await poll(access);
  }
}

async function act(run: GatewayRun, step: Action): Promise<void> {
  const { access, wanted } = run;
  const { names, labels, owner: displayName } = wanted;
  const api = 'apigateway';
  switch (step.do) {
    case 'refuse':
      throw foreign(wanted, step.resource);
    case 'create-api': {
      const [path, query] = [`projects/${names.project}/locations/global/apis`, { apiId: names.id }];
      access.log.info(`Creating the API ${names.id}.`);
      return change(access, { api, method: 'POST', path, query, json: { displayName, labels } });
    }
    case 'create-config': {
      access.log.info(`Creating the API config ${step.id}, which takes a minute or two.`);
      const [path, query] = [`${names.api}/configs`, { apiConfigId: step.id }];
      return change(access, { api, method: 'POST', path, query, json: { ...wanted.config, labels } });
    }
    case 'create-gateway': {
      access.log.info(`Creating the gateway ${names.id}, which takes a minute or two.`);
      const path = `projects/${names.project}/locations/${names.region}/gateways`;
      const json = { displayName, labels, apiConfig: step.config };
      await change(access, { api, method: 'POST', path, query: { gatewayId: names.id }, json });
      run.served = step.config;
      return;
    }
    case 'update-gateway':
      return updateGateway(run, step);
    case 'delete':
      access.log.info(`Removing ${step.what}.`);
      return change(access, { api, method: 'DELETE', path: step.resource });
  }
}

async function updateGateway(
  run: GatewayRun,
  { config, fields }: Extract<Step, { do: 'update-gateway' }>,
): Promise<void> {
  const { access, wanted } = run;
  const { gateway: path, id } = wanted.names;
  // The API has no etags: a run that finds its own config replaced stands back, or two would take turns for ever.
  if (run.served === config && fields.includes('apiConfig')) {
    throw new ConflictError('gateway-moved', `Another run has given the gateway ${id} another config meanwhile.`, {
      hint: 'Run this again once the other one has ended.',
    });
  }
  access.log.info(`Updating the gateway ${id}.`);
  const wantedFields = { apiConfig: config, labels: wanted.labels };
  const sent = Object.fromEntries(fields.map((field) => [field, wantedFields[field]]));
  await change(access, {
    ...{ api: 'apigateway', method: 'PATCH', path, json: sent },
    query: { updateMask: fields.join(',') },
  });
  run.served = config;
}

/** A config that was not made. One that is there in part is removed; an id that is not free is not asked for again. */
async function configFailed(run: GatewayRun, id: string, error: GatewayFailure): Promise<void> {
  const { access, wanted } = run;
  if (isFull(error)) return makeRoom(access, wanted, error);
  const there = (await listConfigs(access, wanted.names)).find(({ name }) => idOf(name) === id);
  if (error.status === 409 && error.reason === 'ALREADY_EXISTS') {
    if (!there) run.taken.add(id);
    return;
  }
  if (error.status === 409) return poll(access);
  if (there?.state === 'FAILED') {
    const path = `${wanted.names.api}/configs/${id}`;
    await change(access, { api: 'apigateway', method: 'DELETE', path }).catch((thrown: Error) =>
      access.log.debug(`The API config ${id} stays: ${thrown.message}`),
    );
  }
  throw error;
}

/** A config that the gateway does not take is made once more, under another id; the second refusal is final. */
function rejectConfig(run: GatewayRun, config: string, { status, message }: GatewayFailure): boolean {
  if ((status !== 400 && status !== 404) || run.rejected.size > 0) return false;
  run.access.log.info(`The API config ${idOf(config)} cannot be served, so it is made once more: ${message}`);
  run.rejected.add(idOf(config));
  return true;
}

function foreign({ names }: WantedGateway, resource: string): ColdgateError {
  const message = `${resource} exists and is not this function’s, so it is left as it is.`;
  return new ColdgateError('foreign-gateway', exitCodes.usage, message, {
    hint: `Set target.gateway.name to another name than ${names.id}, or remove what has it.`,
    data: { resource },
  });
}
