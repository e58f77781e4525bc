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
  if (!isLoopback(host))
    return {
      fault: `expected a loopback address, found ${JSON.stringify(text)}: callers are not authenticated, so whoever reaches the API may order a failover`,
    };
  return { address: { host, port } };
}

/** A name or an address, without brackets, that is of this host whoever resolves it. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host);
}
