import type { StoreSource } from '../readers/source.ts';
import { SettingsError, type Variables } from '../settings.ts';
import type { Objects } from './objects.ts';

/** Opens what makes objects in the function's own store. Throws SettingsError for a place that takes none. */
export async function openObjects(source: StoreSource, variables: Variables): Promise<Objects> {
  const { store, bucket } = source;
  switch (store) {
    case 's3':
      return (await import('./s3.ts')).openObjects(variables, source);
    case 'gcs':
      return (await import('./gcs.ts')).openObjects(variables, source);
    case 'azure':
      return (await import('./azure.ts')).openObjects(bucket, variables, source);
    case 'file':
      return (await import('./file.ts')).openObjects();
    default:
      throw new SettingsError([
        store === 'https'
          ? 'MODEL_URI: expected a store, since a URL of one object takes no results.'
          : `MODEL_URI: expected a store that takes results, and ${store} has no writer.`,
      ]);
  }
}
