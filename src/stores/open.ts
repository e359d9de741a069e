import { cloudStores, clouds, storeOfScheme } from '../clouds.ts';
import type { StoreSettings } from '../config/types.ts';
import { InputError } from '../errors.ts';
import type { Store } from './store.ts';

const known = ['file', ...cloudStores.map((store) => clouds[store].scheme)];

/**
 * Opens the store that the URL's scheme names; its driver is loaded on first use. Opening reads and writes nothing.
 * Throws InputError `unknown-store` for an unknown scheme, and what the driver throws for its settings.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(settings.url)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'file') return (await import('./file.ts')).openFileStore(settings);
  switch (storeOfScheme(scheme)) {
    case 's3':
      return (await import('./s3.ts')).openS3Store(settings);
    case 'gcs':
      return (await import('./gcs.ts')).openGcsStore(settings);
    case 'azure':
      return (await import('./azure.ts')).openAzureStore(settings);
    default:
      throw new InputError(
        [
          {
            path: 'store',
            message: `expected a URL that begins with ${known.map((name) => `${name}:`).join(', ')}, got ${JSON.stringify(settings.url)}.`,
          },
        ],
        { code: 'unknown-store' },
      );
  }
}
