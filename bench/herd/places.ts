import type { Place } from './fleet.ts';

export interface NamedPlace extends Place {
  title: string;
  /** What the limits are, and who says so. */
  source: string;
  /** USD for 1,000 reads, and for a GB in one region. */
  perThousand: number;
  perGigabyte: number;
}

/**
 * Published limits and list prices of a store, as read on 2026-11-30. They are defaults: providers raise some on request.
 */
export const places: readonly NamedPlace[] = [
  {
    title: 'S3',
    ...{ requests: 5500, gbps: 0, perThousand: 0.0004, perGigabyte: 0 },
    source:
      '5,500 GET a second and partitioned prefix, 503 above; bandwidth is not published (AWS, "Resolve HTTP 5xx errors from S3")',
  },
  {
    title: 'GCS',
    ...{ requests: 5000, gbps: 200, perThousand: 0.0004, perGigabyte: 0 },
    source:
      '5,000 reads a second to begin with, doubling in 20 minutes; 200 Gbps a region and project (Google, "Request rate and access distribution", "Quotas")',
  },
  {
    title: 'Azure Blob',
    ...{ requests: 20_000, gbps: 50, perThousand: 0.0005, perGigabyte: 0 },
    source:
      '20,000 requests a second and 50 Gbps an account; 40,000 and 200 in some regions (Microsoft, "Scalability and performance targets for standard storage accounts")',
  },
  {
    title: 'CloudFront',
    ...{ requests: 250_000, gbps: 150, perThousand: 0.001, perGigabyte: 0.085 },
    source: '250,000 requests a second and 150 Gbps a distribution (AWS, "Quotas")',
  },
];

export const unlimited: Place = { requests: Number.POSITIVE_INFINITY, gbps: 0 };
