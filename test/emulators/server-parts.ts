import { azurite } from './azurite.ts';
import { fakeGcs } from './fake-gcs.ts';
import { moto } from './moto.ts';
import { radosgw } from './radosgw.ts';
import type { ServerName, ServerPart } from './server-part.ts';

export const serverParts: ServerPart[] = [azurite, moto, radosgw, fakeGcs];

export const serverPart = (name: ServerName): ServerPart => serverParts.find((part) => part.name === name)!;
