import type { StoreSettings } from '../../config/types.ts';
import { bucketRef } from '../subject.ts';
import { cdnName } from './advice.ts';

/** Command that has the CDN of `doctor --suggest` forget what it keeps of a model. @param readUrl of the store */
export function purgeCommand(settings: StoreSettings, readUrl: string, model: string): string {
  const place = bucketRef(settings);
  const name = cdnName(place);
  const paths = `'${new URL(readUrl).pathname.replace(/\/+$/, '')}/${model}/versions/*'`;
  switch (place.store) {
    case 's3': {
      const ids = `$(aws cloudfront list-distributions --query "DistributionList.Items[?Comment=='${name}'].Id" --output text)`;
      return `aws cloudfront create-invalidation --distribution-id ${ids} --paths ${paths}`;
    }
    case 'azure':
      return `az afd endpoint purge --resource-group "$GROUP" --profile-name ${name} --endpoint-name ${name} --content-paths ${paths}`;
    default:
      return `gcloud compute url-maps invalidate-cdn-cache ${name} --path ${paths}`;
  }
}
