import { expect, it } from 'vitest';
import { describeWith, useServer } from './servers.ts';

for (const name of ['azurite', 'moto', 'radosgw', 'fake-gcs', 'elasticmq'] as const) {
  describeWith(name, `${name} as a part of the test-bed`, (server) => {
    it('listens on loopback and is one for all who ask', async () => {
      expect(server().endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const others = await Promise.all([useServer(name), useServer(name)]);
      expect(others).toEqual([server(), server()]);
    });
  });
}
