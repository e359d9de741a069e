import type { ArmOperation, ArmReply, ArmRequest } from '../arm.ts';
import { notFound, webRefused } from '../arm-error.ts';
import { type Need, needOf } from '../iam.ts';
import { pageOf } from '../page.ts';
import {
  checkCores,
  checkFlexSiteConfig,
  checkFunctionAppConfig,
  checkSettings,
  checkSiteName,
  checkTags,
} from './limits.ts';
import { checkPlace } from './plans.ts';
import { type Identity, isFlex, type Plan, type Site, type SiteProperties, type Tags } from './record.ts';
import { runFromPackage } from './run-from-package.ts';
import { siteView } from './views.ts';
import type { Web } from './web.ts';

interface SiteBody {
  location?: string;
  kind?: string;
  tags?: Tags;
  identity?: Identity;
  properties?: SiteProperties;
}

/** Key of the app or slot that a request names. */
const keyOf = ({ labels }: ArmRequest): string =>
  labels['slot'] === undefined ? `${labels['name']}` : `${labels['name']}/slots/${labels['slot']}`;

export function siteOperations(web: Web): Record<string, ArmOperation> {
  const get: ArmOperation = { answer: ({ labels }) => ({ status: 200, body: siteView(web, web.siteOf(labels)) }) };
  const put: ArmOperation = { needs: needsOfPut(web), answer: (request) => create(web, request) };
  const patch: ArmOperation = {
    needs: needsOfPut(web),
    answer: ({ labels, body }) => {
      const site = web.changing(labels);
      const { properties, tags, identity } = body as SiteBody;
      checkTags(tags);
      if (tags) site.tags = tags;
      if (identity) assign(web, site, identity);
      if (properties) change(web, site, properties);
      web.update(site);
      return { status: 200, body: siteView(web, site) };
    },
  };
  const remove: ArmOperation = {
    answer: async ({ labels, query }) => {
      const found = web.sites.get(
        (labels['slot'] === undefined
          ? `${labels['name']}`
          : `${labels['name']}/slots/${labels['slot']}`
        ).toLowerCase(),
      );
      if (!found) return { status: 204 };
      web.checkBusy(found);
      const slots = [...web.sites.values()].filter((one) => one.name === found.name && one.slot !== undefined);
      for (const slot of found.slot === undefined ? slots : []) await web.remove(slot);
      await web.remove(found);
      // An empty plan goes with its last app where nothing else is said.
      const goes = query.get('deleteEmptyServerFarm') !== 'false' && web.sitesOf(found.plan).length === 0;
      if (goes) for (const [key, plan] of web.plans) if (plan === found.plan) web.plans.delete(key);
      return { status: 200 };
    },
  };
  const list = (request: ArmRequest, fits: (site: Site) => boolean): ArmReply => {
    const { resourceGroupName = '' } = request.labels;
    const own = [...web.sites.values()].filter(({ group }) => group.toLowerCase() === resourceGroupName.toLowerCase());
    return pageOf(
      web.azure,
      request,
      own.filter((one) => fits(one) && !web.isNew(one)).map((site) => siteView(web, site)),
    );
  };
  return {
    ...{ webApps_get: get, webApps_getSlot: get, webApps_createOrUpdate: put, webApps_createOrUpdateSlot: put },
    ...{ webApps_update: patch, webApps_updateSlot: patch, webApps_delete: remove, webApps_deleteSlot: remove },
    webApps_listByResourceGroup: {
      answer: (request) =>
        list(request, ({ slot }) => slot === undefined || request.query.get('includeSlots') === 'true'),
    },
    webApps_listSlots: {
      answer: (request) => list(request, ({ name, slot }) => slot !== undefined && name === request.labels['name']),
    },
  };
}

/** Beside the write itself: joining the plan and the subnet, and assigning identities. */
const needsOfPut =
  (_web: Web) =>
  ({ path, body }: ArmRequest): Need[] => {
    const { identity = {}, properties = {} } = body as SiteBody;
    const linked = (action: string, scope: string | undefined): Need[] =>
      scope === undefined ? [] : [{ action, scope, linked: true }];
    return [
      needOf('PUT', path),
      ...linked('Microsoft.Web/serverfarms/join/action', properties.serverFarmId),
      ...linked('Microsoft.Network/virtualNetworks/subnets/join/action', properties.virtualNetworkSubnetId),
      ...Object.keys(identity.userAssignedIdentities ?? {}).flatMap((id) =>
        linked('Microsoft.ManagedIdentity/userAssignedIdentities/assign/action', id),
      ),
    ];
  };

async function create(web: Web, request: ArmRequest): Promise<ArmReply> {
  const key = keyOf(request);
  const body = request.body as SiteBody;
  const { name = '', resourceGroupName: group = '' } = request.labels;
  checkSiteName(name);
  checkTags(body.tags);
  const found = web.sites.get(key.toLowerCase());
  if (found && found.group.toLowerCase() !== group.toLowerCase()) throw taken(name);
  if (web.takenNames.has(name)) throw taken(name);
  if (found) web.checkBusy(found);
  const plan = planOf(web, found, body);
  const site = found ?? (await begin(web, request, plan));
  const properties = body.properties ?? {};
  const wanted = { ...site, plan, identity: body.identity ?? site.identity };
  check(web, wanted, properties, body);
  site.location = (body.location ?? site.location).toLowerCase();
  site.kind = body.kind ?? site.kind;
  site.tags = body.tags ?? {};
  site.plan = plan;
  assign(web, site, body.identity ?? { type: 'None' });
  change(web, site, properties);
  web.sites.set(key.toLowerCase(), site);
  await runFromPackage(web, site);
  web.update(site);
  site.operation = web.azure.operations.begin(() => siteView(web, site));
  const view = siteView(web, site);
  return web.azure.operations.accepted(site.operation, web.siteId(site), view);
}

const taken = (name: string) => webRefused(409, 'Conflict', `Website with given name ${name} already exists.`, '54001');

function planOf(web: Web, found: Site | undefined, { properties = {} }: SiteBody): Plan {
  const { serverFarmId } = properties;
  const plan = serverFarmId === undefined ? found?.plan : web.planById(serverFarmId);
  if (plan) return plan;
  throw serverFarmId === undefined
    ? webRefused(400, 'BadRequest', 'The parameter ServerFarmId is missing.', '51003')
    : webRefused(404, 'NotFound', `Cannot find ServerFarm with name ${serverFarmId.split('/').at(-1)}.`, '51004');
}

/** Throws ArmError for what the plan does not take. */
function check(
  web: Web,
  site: Pick<Site, 'name' | 'slot' | 'plan' | 'identity'>,
  properties: SiteProperties,
  { kind, location, identity = {} }: SiteBody,
): void {
  const { plan, name, slot } = site;
  const bad = (message: string, extended?: string) => webRefused(400, 'BadRequest', message, extended);
  if (kind !== 'functionapp,linux') throw bad(`kind: expected functionapp,linux, got ${kind}`);
  if (location?.toLowerCase() !== plan.location)
    throw webRefused(409, 'Conflict', `The plan is in ${plan.location}, the app in ${location}.`);
  const unknown = Object.keys(identity.userAssignedIdentities ?? {}).find((id) => !web.azure.identities.find(id));
  if (unknown !== undefined) throw notFound(unknown);
  checkPlace(web, plan, name);
  if (slot !== undefined && isFlex(plan))
    throw bad('Deployment slots are not supported for Flex Consumption.', '51021');
  checkFunctionAppConfig(web, site, properties.functionAppConfig);
  if (!isFlex(plan)) return;
  checkFlexSiteConfig(web, properties);
  checkCores(web, name, plan.location, properties.functionAppConfig);
  if (properties.virtualNetworkSubnetId !== undefined && web.context.unregistered.has('Microsoft.App')) {
    throw bad('The subscription is not registered to use namespace Microsoft.App.');
  }
}

/** A new app, with hosts of its own; it is not there before the request was found to be right. */
async function begin(web: Web, { labels }: ArmRequest, plan: Plan): Promise<Site> {
  const { name = '', slot, resourceGroupName: group = '' } = labels;
  if (slot !== undefined && !web.sites.has(name.toLowerCase())) {
    throw notFound(web.siteId({ group, key: name }));
  }
  const { knobs } = web.context;
  const site = {
    ...{ key: slot === undefined ? name : `${name}/slots/${slot}`, name, slot, group, plan, location: plan.location },
    ...{ kind: '', tags: {}, identity: {}, principal: undefined, properties: {}, settings: new Map<string, string>() },
    ...{ stickySettings: [], basicAuth: { ftp: true, scm: true }, content: undefined, generation: undefined },
    ...{ listed: [], functionsLag: 0, keysLag: 0, deployments: new Map(), operation: undefined, updates: 0 },
    ...{ unread: knobs.readLag, createdAt: web.context.now() },
  } as unknown as Site;
  const servers = await web.openServers(() => site);
  return Object.assign(site, { servers });
}

/** An app's own identity comes with the request that asks for it. */
function assign(web: Web, site: Site, identity: Identity): void {
  const { iam } = web.context;
  const wants = /SystemAssigned/.test(identity.type ?? '');
  if (wants && site.principal === undefined) site.principal = iam.create(site.key).oid;
  if (!wants && site.principal !== undefined) {
    iam.remove(site.principal);
    site.principal = undefined;
  }
  site.identity = identity;
}

/** What a body does not name stays, as far as settings go: they are replaced where they are named. */
function change(web: Web, site: Site, properties: SiteProperties): void {
  const { appSettings, ...siteConfig } = properties.siteConfig ?? {};
  if (appSettings) {
    const settings = new Map(appSettings.map(({ name = '', value = '' }): [string, string] => [name, value]));
    checkSettings(site.plan, settings);
    site.settings = settings;
  }
  const { autoGeneratedDomainNameLabelScope: scope } = site.properties;
  site.properties = {
    ...site.properties,
    ...properties,
    siteConfig: { ...site.properties.siteConfig, ...siteConfig },
    // Taken at creation only.
    ...(scope !== undefined && { autoGeneratedDomainNameLabelScope: scope }),
  };
  site.keysLag = web.context.knobs.keysLag;
}
