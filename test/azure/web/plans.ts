import type { ArmOperation, ArmRequest } from '../arm.ts';
import { notFound, webRefused } from '../arm-error.ts';
import { pageOf } from '../page.ts';
import { checkPlanName, checkTags } from './limits.ts';
import { isFlex, type Plan, type Sku } from './record.ts';
import { planView, siteView } from './views.ts';
import type { Web } from './web.ts';

interface PlanBody {
  location: string;
  kind?: string;
  tags?: Record<string, string>;
  sku?: Sku;
  properties?: { reserved?: boolean; zoneRedundant?: boolean; maximumElasticWorkerCount?: number };
}

const keyOf = ({ labels }: ArmRequest): string => `${labels['resourceGroupName']}/${labels['name']}`.toLowerCase();

export function planOperations(web: Web): Record<string, ArmOperation> {
  const find = (request: ArmRequest): Plan => {
    const found = web.plans.get(keyOf(request));
    if (!found || web.isNew(found)) throw notFound(request.path.replace(/\/sites$/, ''));
    return found;
  };
  return {
    appServicePlans_get: { answer: (request) => ({ status: 200, body: planView(web, find(request)) }) },
    appServicePlans_listByResourceGroup: {
      answer: (request) => {
        const own = [...web.plans].filter(([key]) =>
          key.startsWith(`${request.labels['resourceGroupName']?.toLowerCase()}/`),
        );
        return pageOf(
          web.azure,
          request,
          own.map(([, plan]) => planView(web, plan)),
        );
      },
    },
    appServicePlans_listWebApps: {
      answer: (request) =>
        pageOf(
          web.azure,
          request,
          web.sitesOf(find(request)).map((site) => siteView(web, site)),
        ),
    },
    appServicePlans_createOrUpdate: {
      answer: (request) => {
        const plan = planOf(web, request);
        web.plans.set(keyOf(request), plan);
        return { status: 200, body: planView(web, plan) };
      },
    },
    appServicePlans_delete: {
      answer: (request) => {
        const found = web.plans.get(keyOf(request));
        if (!found) return { status: 204 };
        const sites = web.sitesOf(found).map(({ name }) => name);
        if (sites.length > 0) {
          const message = `Server farm '${found.name}' cannot be deleted because it has web app(s) ${sites} assigned to it.`;
          throw webRefused(409, 'Conflict', message, '11003');
        }
        web.plans.delete(keyOf(request));
        return { status: 200 };
      },
    },
  };
}

/** The plan that a request makes of what there is. Throws ArmError. */
function planOf(web: Web, request: ArmRequest): Plan {
  const { name = '', resourceGroupName: group = '' } = request.labels;
  const { location, kind = '', tags = {}, sku = {}, properties = {} } = request.body as unknown as PlanBody;
  checkPlanName(name);
  checkTags(tags);
  const before = web.plans.get(keyOf(request));
  checkSku(sku, kind, properties);
  if (before && before.sku.tier !== sku.tier) throw webRefused(409, 'Conflict', 'Cannot change the tier of a plan.');
  if (before && before.location !== location.toLowerCase()) {
    throw webRefused(409, 'Conflict', `The plan is in ${before.location}, not in ${location}.`);
  }
  const { zoneRedundant = false, maximumElasticWorkerCount = 1 } = properties;
  return Object.assign(before ?? { createdAt: web.context.now(), unread: web.context.knobs.readLag }, {
    ...{ name, group, location: location.toLowerCase(), kind, tags, sku, zoneRedundant, maximumElasticWorkerCount },
  });
}

function checkSku(sku: Sku, kind: string, properties: { reserved?: boolean }): void {
  const bad = (message: string) => webRefused(400, 'BadRequest', message);
  if (sku.name === 'FC1' && sku.tier === 'FlexConsumption') {
    if (kind !== 'functionapp') throw bad(`kind: expected functionapp, got ${kind}`);
  } else if (!/^EP[123]$/.test(sku.name ?? '') || sku.tier !== 'ElasticPremium') {
    throw bad(`The sku ${sku.name} of ${sku.tier} is none that the stand-in has.`);
  }
  if (properties.reserved !== true) throw bad('properties.reserved: a plan of Linux is reserved');
}

/** One app a plan on Flex Consumption. Throws ArmError. */
export function checkPlace(web: Web, plan: Plan, name: string): void {
  const [other] = web.sitesOf(plan).filter((site) => site.name !== name);
  if (!isFlex(plan) || !other) return;
  throw webRefused(
    409,
    'Conflict',
    `The plan '${plan.name}' of Flex Consumption has the app '${other.name}', and takes one app only.`,
  );
}
