import { randomBytes } from 'node:crypto';
import type { RestCall } from './rest-contract.ts';
import {
  bad,
  type KeyState,
  missing,
  newId,
  type PlanState,
  patchesOf,
  type RestApiState,
  taken,
} from './rest-state.ts';
import type { Fields } from './state.ts';

const withoutValue = ({ value: _, ...fields }: Fields): Fields => fields;

/** Usage plans and API keys of the account. */
export class RestPlans {
  readonly plans = new Map<string, PlanState>();
  readonly keys = new Map<string, KeyState>();
  /** How many requests do not know a key that was just made. */
  unknownFor = 0;
  readonly #apis: ReadonlyMap<string, RestApiState>;

  constructor(apis: ReadonlyMap<string, RestApiState>) {
    this.#apis = apis;
  }

  inventory(): string[] {
    return [
      ...[...this.plans.values()].map(({ fields: { id: _, tags: _tags, apiStages, ...rest }, keys }) => {
        const names = [...keys].map((id) => this.keys.get(id)?.fields.name).sort();
        return `plan ${JSON.stringify(rest)} ${apiStages.map(({ stage }) => stage)} ${names}`;
      }),
      ...[...this.keys.values()].map(({ fields }) => `api key ${fields.name}`),
    ];
  }

  /** A stage that is gone is in no plan; one that is made anew is not either. */
  forget(apiId: string, stage: string): void {
    for (const { fields } of this.plans.values())
      fields.apiStages = fields.apiStages.filter((one) => one.apiId !== apiId || one.stage !== stage);
  }

  do({ operation, labels, query, body }: RestCall): Fields | undefined {
    if (/^\w+UsagePlanKeys?$/.test(operation)) return this.#planKeys(operation, labels, body);
    if (operation === 'CreateUsagePlan') return this.#createPlan(body);
    if (operation === 'GetUsagePlans') return { item: [...this.plans.values()].map(({ fields }) => fields) };
    if (operation.endsWith('UsagePlan')) {
      const plan = this.#plan(labels[0]);
      if (operation === 'UpdateUsagePlan') this.#patchPlan(plan, body);
      if (operation !== 'DeleteUsagePlan') return plan.fields;
      if (plan.fields.apiStages.length > 0)
        throw bad(`Cannot delete Usage Plan because it has API Stages associated with it`);
      this.plans.delete(plan.fields.id);
      return undefined;
    }
    if (operation === 'CreateApiKey') return this.#createKey(body);
    if (operation === 'GetApiKeys') {
      const all = [...this.keys.values()].map(({ fields }) => fields);
      return { item: query['includeValues'] === 'true' ? all : all.map(withoutValue) };
    }
    const key = this.#key(labels[0]);
    if (operation === 'GetApiKey') return query['includeValue'] === 'true' ? key.fields : withoutValue(key.fields);
    this.keys.delete(key.fields.id);
    for (const { keys } of this.plans.values()) keys.delete(key.fields.id);
    return undefined;
  }

  #plan(id: string | undefined): PlanState {
    const plan = this.plans.get(id ?? '');
    if (!plan) throw missing('Usage Plan ID');
    return plan;
  }

  #key(id: string | undefined): KeyState {
    const key = this.keys.get(id ?? '');
    if (!key) throw missing('API Key');
    return key;
  }

  #checkStage({ apiId, stage }: { apiId: string; stage: string }): void {
    if (!this.#apis.get(apiId)?.stages.has(stage)) throw bad(`API Stage not found: ${apiId}:${stage}`);
  }

  #createPlan(body: Fields): Fields {
    const id = newId();
    const fields = { apiStages: [], ...structuredClone(body), id } as PlanState['fields'];
    for (const one of fields.apiStages) this.#checkStage(one);
    checkQuota(fields['quota'] as Fields | undefined);
    this.plans.set(id, { fields, keys: new Set() });
    return fields;
  }

  #patchPlan({ fields }: PlanState, body: Fields): void {
    for (const { op, path, value = '' } of patchesOf(body)) {
      const [apiId = '', stage = ''] = value.split(':');
      const isSame = (one: { apiId: string; stage: string }) => one.apiId === apiId && one.stage === stage;
      const [, section = '', member = ''] =
        /^\/(throttle|quota)\/(rateLimit|burstLimit|limit|period|offset)$/.exec(path) ?? [];
      if (path === '/apiStages' && op === 'add') {
        this.#checkStage({ apiId, stage });
        if (!fields.apiStages.some(isSame)) fields.apiStages.push({ apiId, stage });
      } else if (path === '/apiStages' && op === 'remove') {
        if (!fields.apiStages.some(isSame)) throw missing('API Stage');
        fields.apiStages = fields.apiStages.filter((one) => !isSame(one));
      } else if (op === 'remove' && /^\/(?:quota|throttle)$/.test(path)) delete fields[path.slice(1)];
      else if (op === 'replace' && member !== '')
        fields[section] = {
          ...(fields[section] as Fields | undefined),
          [member]: member === 'period' ? value : Number(value),
        };
      else throw bad(`Invalid patch operation ${op} ${path}`);
    }
    checkQuota(fields['quota'] as Fields | undefined);
  }

  #createKey(body: Fields): Fields {
    const { value = randomBytes(20).toString('hex'), name } = body as { value?: string; name?: string };
    if (value.length < 20 || value.length > 128) throw bad('API Key value should be at least 20 characters');
    if ([...this.keys.values()].some(({ fields }) => fields.value === value)) throw taken('API Key already exists');
    const id = newId();
    const fields = { ...body, id, value, name: name ?? '' };
    this.keys.set(id, { fields, unknownFor: this.unknownFor });
    return fields;
  }

  #planKeys(operation: string, [planId, keyId]: string[], body: Fields): Fields | undefined {
    const plan = this.#plan(planId);
    if (operation === 'GetUsagePlanKeys')
      return {
        item: [...plan.keys].map((id) => ({ id, type: 'API_KEY', name: this.#key(id).fields.name })),
      };
    if (operation === 'DeleteUsagePlanKey') {
      if (!plan.keys.delete(keyId ?? '')) throw missing('API Key');
      return undefined;
    }
    const { fields } = this.#key(String(body['keyId']));
    if (body['keyType'] !== 'API_KEY') throw bad('Invalid key type');
    const isOf = (one: PlanState) =>
      one.keys.has(fields.id) &&
      one.fields.apiStages.some((a) => plan.fields.apiStages.some((b) => a.apiId === b.apiId && a.stage === b.stage));
    if ([...this.plans.values()].some(isOf)) throw taken('API Key is in a Usage Plan of the same stage already');
    plan.keys.add(fields.id);
    return { id: fields.id, type: 'API_KEY', name: fields.name };
  }
}

/** https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html */
function checkQuota(quota: Fields | undefined): void {
  if (!quota) return;
  const most = { DAY: 0, WEEK: 6, MONTH: 27 }[String(quota['period'])];
  if (most === undefined) throw bad(`Invalid quota period ${String(quota['period'])}`);
  if (Number(quota['offset'] ?? 0) > most || Number(quota['limit']) < 1) throw bad('Invalid quota');
}
