import type { TargetSettings } from '../../config/types.ts';
import type { Facts } from '../rule.ts';
import { no, on, type Rule, yes } from '../rule.ts';

type Lambda = Extract<TargetSettings, { provider: 'aws-lambda' }>;

/** Whether a REST API turns away who has neither a key nor a certificate. */
const asksForKeys = ({ endpoint, restApi }: Lambda): boolean =>
  endpoint === 'rest-api' && ((restApi?.plans.length ?? 0) > 0 || restApi?.domain?.trustStore !== undefined);

/** What lets anyone call, and the value that does not; undefined where callers must show who they are. */
function openBy({ target }: Facts): { field: string; value: string; is: string } | undefined {
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda': {
      const isOpen = target.endpoint !== 'none' && target.auth === 'none' && !asksForKeys(target);
      return isOpen ? { field: 'auth', value: 'iam', is: 'auth: none' } : undefined;
    }
    case 'google-cloud-run': {
      if (target.gateway?.auth === 'none')
        return { field: 'gateway.auth', value: 'api-key', is: 'gateway: { auth: none }' };
      const isOpen = target.auth === 'none' && target.ingress === 'all';
      return isOpen ? { field: 'auth', value: 'iam', is: 'auth: none' } : undefined;
    }
    case 'azure-functions': {
      const { gateway } = target;
      if (gateway && !gateway.subscriptionRequired && !gateway.jwt) {
        return {
          field: 'gateway.subscription-required',
          value: 'true',
          is: 'subscription-required: false without jwt',
        };
      }
      return target.auth === 'anonymous' ? { field: 'auth', value: 'function', is: 'auth: anonymous' } : undefined;
    }
  }
}

/** Who gets in, in a few words. */
function lockOf({ target }: Facts): string {
  if (target.provider === 'aws-lambda') {
    if (asksForKeys(target)) return 'REST API with keys or certificates';
    return target.endpoint === 'none' ? 'There is no address' : `auth: ${target.auth}`;
  }
  if (target.provider === 'google-cloud-run')
    return target.gateway ? `gateway with ${target.gateway.auth}` : `auth: ${target.auth}`;
  if (target.provider === 'azure-functions')
    return target.gateway ? 'gateway with keys or tokens' : `auth: ${target.auth}`;
  return '';
}

export const publicEndpoint: Rule = {
  id: 'public',
  asks: 'callers must show who they are',
  warns: true,
  looksUp: false,
  judge(facts) {
    const { target, targetPath, environment } = facts;
    if (target.provider === 'local') return undefined;
    const open = openBy(facts);
    if (!open) return yes(`${lockOf(facts)}.`);
    const why = `Anyone who knows the address may call ${environment.name}, and you pay for it (${open.is}).`;
    return no(why, { set: [[`${targetPath}.${open.field}`, open.value]] });
  },
};

/** Longest that is usual where no law asks for more, days. */
const maxDays = 400;

export const logRetention: Rule = {
  id: 'log-retention',
  asks: 'logs are kept, and for a bounded time',
  warns: true,
  looksUp: false,
  judge({ target, targetPath }) {
    switch (target.provider) {
      case 'local':
        return undefined;
      case 'aws-lambda': {
        const days = target.logRetentionDays;
        if (days <= maxDays) return yes(`CloudWatch keeps them for ${days} days.`);
        const why = `CloudWatch keeps logs for ${days} days, and bills each GB of them every month.`;
        return no(why, { set: [[`${targetPath}.log-retention-days`, '90']] });
      }
      case 'google-cloud-run':
        return yes('Cloud Logging keeps them for 30 days, unless the bucket _Default is set otherwise.');
      case 'azure-functions': {
        if (target.applicationInsights)
          return yes('Application Insights keeps them for 90 days, unless its workspace is set otherwise.');
        const { subscription, resourceGroup, location } = target;
        const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Insights/components/coldgate`;
        return no('Nothing keeps logs and metrics of the function apps.', {
          set: [[`${targetPath}.application-insights`, id]],
          run: `az monitor app-insights component create --app coldgate --resource-group ${resourceGroup} --location ${location}`,
        });
      }
    }
  },
};

/** USD for a million requests, list prices. */
const gatewayUsd = { 'rest-api': 3.5, 'http-api': 1 };

export const restApi: Rule = {
  id: 'rest-api',
  asks: 'a REST API is there for what it alone has: keys, WAF, a cache, certificates of callers',
  warns: false,
  looksUp: false,
  judge: on('aws-lambda', ({ target, targetPath }) => {
    if (target.endpoint !== 'rest-api') return undefined;
    const { plans = [], webAcl, cache, domain } = target.restApi ?? {};
    const { 'rest-api': rest, 'http-api': http } = gatewayUsd;
    const cost = `${rest.toFixed(2)} USD a million requests, an HTTP API ${http.toFixed(2)}`;
    if (plans.length > 0 || webAcl || cache || domain?.trustStore)
      return yes(`A REST API costs ${cost}, and is used for more.`);
    const without = target.restApi ? ([[`${targetPath}.rest-api`, '']] as const) : [];
    return no(`A REST API costs ${cost}, and nothing that it alone has is set.`, {
      set: [[`${targetPath}.endpoint`, 'http-api'], ...without],
    });
  }),
};
