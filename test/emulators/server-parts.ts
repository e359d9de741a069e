import { azurite } from './azurite.ts';
import { elasticmq } from './elasticmq.ts';
import { fakeGcs } from './fake-gcs.ts';
import { ministack } from './ministack.ts';
import { moto } from './moto.ts';
import { radosgw } from './radosgw.ts';
import type { ServerName, ServerPart } from './server-part.ts';

export const serverParts: ServerPart[] = [azurite, moto, ministack, radosgw, fakeGcs, elasticmq];

export const serverPart = (name: ServerName): ServerPart => serverParts.find((part) => part.name === name)!;
