import { FarshoreError } from '../../kernel/errors.ts';
import type { ServiceType } from '../region.ts';
import type { EndpointInterface } from './cloud-config.ts';
import type { Catalogue } from './token.ts';

/**
 * The catalogue's names for a service, best first. Official types and aliases are those of
 * openstack/service-types-authority; `volumev3` comes first since its URL always has the version.
 */
const typeNames: Readonly<Record<ServiceType, readonly string[]>> = {
  identity: ['identity'],
  'object-store': ['object-store'],
  'block-storage': ['volumev3', 'block-storage', 'block-store'],
  image: ['image'],
};

export interface EndpointQuery {
  /** For the error's text. */
  readonly region: string;
  readonly regionName: string;
  readonly service: ServiceType;
  readonly endpointInterface: EndpointInterface;
  readonly projectId: string;
}

/**
 * The service's URL, no trailing slash, in one form whatever the operator wrote: block-storage ends
 * in `/v3/<project>`, image has no version, object-store ends in the account. Throws
 * `region.service-missing` with what there is.
 */
export function findEndpoint(catalogue: Catalogue, query: EndpointQuery): string {
  for (const type of typeNames[query.service])
    for (const service of catalogue.filter((entry) => entry.type === type))
      for (const endpoint of service.endpoints)
        if (
          endpoint.interface === query.endpointInterface &&
          (endpoint.region_id === query.regionName || endpoint.region === query.regionName)
        )
          return normalized(endpoint.url.replace(/\/+$/, ''), query);
  throw missing(catalogue, query);
}

function normalized(url: string, { service, projectId }: EndpointQuery): string {
  if (service === 'image') return url.replace(/\/v2(\.\d+)?$/, '');
  if (service !== 'block-storage') return url;
  const versioned = /\/v3(\/|$)/.test(url) ? url : `${url}/v3`;
  return versioned.endsWith('/v3') ? `${versioned}/${projectId}` : versioned;
}

function missing(catalogue: Catalogue, query: EndpointQuery): FarshoreError {
  const { region, regionName, service, endpointInterface } = query;
  const here = catalogue.flatMap(({ type, endpoints }) =>
    endpoints
      .filter((endpoint) => (endpoint.region_id ?? endpoint.region) === regionName)
      .map((endpoint) => `${type} (${endpoint.interface})`),
  );
  const regions = catalogue.flatMap(({ endpoints }) =>
    endpoints.map((endpoint) => endpoint.region_id ?? endpoint.region ?? '?'),
  );
  const list = (names: readonly string[]) => [...new Set(names)].sort().join(', ') || 'nothing';
  return new FarshoreError(
    `the catalogue has no ${endpointInterface} endpoint of type ${typeNames[service].join(' or ')} in region '${regionName}'`,
    {
      code: 'region.service-missing',
      kind: 'permanent',
      operation: `find ${service} of region`,
      subject: region,
      hint:
        here.length > 0
          ? `it has ${list(here)} there: correct interface, or add the endpoint to Keystone`
          : `it has the regions ${list(regions)}: correct region_name`,
    },
  );
}
