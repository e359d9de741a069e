import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { type Gateways, gatewaySurfaces } from '../../google/gateway/open.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

const account = 'gateway@coldgate-test.iam.gserviceaccount.com';
const open = `gateway: { auth: none, service-account: "${account}" }`;
const guarded = `gateway: { auth: api-key, service-account: "${account}" }`;

/* A whole release behind API Gateway, by the command line as processes. */
describe('ship behind a gateway', () => {
  let bench: ReleaseBench;
  let gateways: Gateways;
  beforeAll(async () => {
    const { surfaces, made } = gatewaySurfaces();
    bench = await ReleaseBench.open({ surfaces, knobs: { looks: 0 } });
    gateways = made();
    bench.google.context.iam.grant(account, ['run.routes.invoke'], '*', 0);
    bench.target = open;
    bench.release({});
  });
  afterAll(async () => {
    await gateways.edge.closeAll();
    await bench.close();
  });

  const address = () => {
    const [gateway] = gateways.state.gateways.values();
    return `http://${gateway?.hostname}`;
  };
  const writes = () =>
    bench.google
      .calls()
      .filter(({ mutating }) => mutating)
      .map(({ method }) => method.split('.').slice(-2).join('.'));
  const infer = async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ inputs: tinySample.inputs });
    const reply = await fetch(`${address()}/v1/infer`, { method: 'POST', headers, body });
    return { status: reply.status, version: reply.headers.get('x-coldgate-version') };
  };

  it('makes it with the first release, and gives callers its address', async () => {
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.0.0', 'endpoint-url': address() });
    expect(await infer()).toEqual({ status: 200, version: '1.0.0' });
    // The service stays private.
    expect((await fetch(`${bench.service()?.uri}/v1/health`)).status).toBe(403);
  });

  it('is named by status, which changes nothing', async () => {
    writes();
    expect(await bench.json('status')).toMatchObject({ version: '1.0.0', 'endpoint-url': address() });
    const { stderr } = await bench.run(['status']);
    expect(stderr).toContain(`served at ${address()}`);
    expect(writes()).toEqual([]);
  });

  it('serves another model under the same address, without a change of the gateway', async () => {
    const before = address();
    bench.release({ version: '1.1.0', bias: 0.25 });
    writes();
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.1.0', 'endpoint-url': before });
    expect(writes().filter((method) => /^(?:apis|configs|gateways)\./.test(method))).toEqual([]);
    expect(await infer()).toEqual({ status: 200, version: '1.1.0' });
  });

  it('asks for keys from the next release on, and goes on under its address', async () => {
    const before = address();
    bench.target = guarded;
    bench.release({ version: '1.1.0', bias: 0.25 });
    // Set-up has to switch the API's own service on, which a pipeline may not.
    const { exit, stderr } = await bench.run(['ship']);
    const [service = ''] = [...bench.google.context.disabled].filter((one) => one.startsWith('digits-local-'));
    expect([exit, stderr]).toEqual([8, expect.stringContaining(`gcloud services enable ${service} `)]);
    bench.google.context.disabled.delete(service);
    expect(await bench.json('ship')).toMatchObject({ 'endpoint-url': before });
    expect((await infer()).status).toBe(401);
  });

  it('tells by destroy --dry-run what would go, and lets it be', async () => {
    const before = gateways.state.inventory();
    writes();
    const { changes } = await bench.json('destroy', '--dry-run');
    expect(changes.map(({ what }: { what: string }) => what)).toEqual([
      expect.stringMatching(/^the live revision /),
      `the gateway digits-local (${new URL(address()).host})`,
      'the API digits-local',
    ]);
    expect(writes()).toEqual([]);
    expect(gateways.state.inventory()).toEqual(before);
  });

  it('leaves nothing of gateway, API, configs and service when it is destroyed', async () => {
    writes();
    await bench.json('destroy');
    expect(gateways.state.inventory()).toEqual([]);
    expect(bench.inventory()).toEqual([]);
    const gone = writes();
    expect(gone.indexOf('gateways.delete')).toBeLessThan(gone.indexOf('apis.delete'));
    expect(gone.at(-1)).toBe('services.delete');
  });
});
