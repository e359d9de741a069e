import { type GoogleCloudRunSettings, queueTopic } from '../../config/schema/google-cloud-run.ts';

/** What COLDGATE_QUEUE of a live revision is. */
export const topicPath = ({ project, region }: GoogleCloudRunSettings, service: string): string =>
  `projects/${project}/topics/${queueTopic(service, region)}`;

/**
 * What tokens of pushes are made for, where the function itself checks them, since Cloud Run does not: `auth: none`. Nobody
 * else checks it then, so it is a name that is known before the service has an address.
 */
export const audienceOf = (
  { auth, project, region }: Pick<GoogleCloudRunSettings, 'auth' | 'project' | 'region'>,
  service: string,
): string | undefined =>
  auth === 'none'
    ? `https://run.googleapis.com/projects/${project}/locations/${region}/services/${service}`
    : undefined;
