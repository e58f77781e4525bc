export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:8470`, `[::1]:8470`, `localhost:8470`; port 0 takes any free one. */
export function parseListen(
  text: string,
): { readonly address: Address } | { readonly fault: string } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    return { fault: `expected address:port such as 127.0.0.1:8470, found ${JSON.stringify(text)}` };
  if (host !== 'localhost' && host !== '::1' && !/^127(\.\d{1,3}){3}$/.test(host))
    return {
      fault: `expected a loopback address, found ${JSON.stringify(text)}: callers are not authenticated, so whoever reaches the API may order a failover`,
    };
  return { address: { host, port } };
}
