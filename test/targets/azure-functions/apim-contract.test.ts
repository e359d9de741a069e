import { apimApi, openGateway, serviceName } from '../../azure/apim/open.ts';
import { AzureBench } from '../../azure/target-bench.ts';
import { targetContract } from '../../contracts/target.ts';

const key = 'key-of-a-caller-of-all-apis';

/* The contract of targets, whose callers come through API Management. */
targetContract('azure-functions behind API Management', async () => {
  const { api, made } = apimApi();
  const bench = await AzureBench.open({ apis: [api], knobs: { looks: 0 } });
  const { state } = made();
  await openGateway(bench.azure, made());
  state.subscriptions.set('caller', { scope: '/apis', state: 'active', properties: {}, keys: [key, key] });
  const target = await bench.target({ gateway: { service: serviceName } });
  const [one, two] = bench.versions;
  const { web } = bench.azure;
  return {
    target,
    // The API, and that of the candidate.
    parts: 2,
    settings: bench.settings,
    packages: [bench.package(), bench.package('another build')],
    versions: [one!, two!],
    point: (version) => bench.store.point(version),
    async crash({ role }) {
      const [site] = bench.sites(role);
      if (!site) throw new Error(`no app that is ${role}`);
      if (role === 'live') {
        site.settings.set('COLDGATE_REVISION', 'by-hand');
        return web.update(site);
      }
      await web.remove(site);
      for (const [name, plan] of web.plans) if (plan === site.plan) web.plans.delete(name);
    },
    running: async () => [...bench.sites('live'), ...bench.sites('candidate')].length,
    get: (url) => fetch(url, { headers: { 'ocp-apim-subscription-key': key } }),
    async close() {
      await target.remove(bench.settings, 'all');
      const left = [...bench.leftovers(), ...state.inventory().filter((each) => each !== 'subscription caller')];
      await bench.close();
      if (left.length > 0) throw new Error(`removing the function has left ${left.join(', ')}`);
    },
  };
});
