import { isIP } from 'node:net';
import type { SiteAddress } from './raft-config.ts';

export const defaultPeerPort = 2380;
export const defaultClientPort = 2379;

/** `10.0.1.10`, `etcd.east.example`, `[fd00::1]`, each with `:peerPort:clientPort` or without. */
export function parseSiteAddress(
  text: string,
): { readonly address: SiteAddress } | { readonly fault: string } {
  const [, bracketed, plain, peer, client] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}):(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const peerPort = Number(peer ?? defaultPeerPort);
  const clientPort = Number(client ?? defaultClientPort);
  const isHost =
    bracketed === undefined
      ? isName(plain ?? '') || isIP(plain ?? '') === 4
      : isIP(bracketed) === 6;
  if (host === undefined || !isHost || !isPort(peerPort) || !isPort(clientPort))
    return {
      fault: `expected host or host:peerPort:clientPort, such as 10.0.1.10 or [fd00::1]:2380:2379, found ${JSON.stringify(text)}`,
    };
  if (peerPort === clientPort)
    return { fault: `expected two ports, found ${peerPort} for peers and for clients` };
  return { address: Object.freeze({ host, peerPort, clientPort }) };
}

export function formatSiteAddress({ host, peerPort, clientPort }: SiteAddress): string {
  return peerPort === defaultPeerPort && clientPort === defaultClientPort
    ? bracket(host)
    : `${bracket(host)}:${peerPort}:${clientPort}`;
}

export function peerUrl({ host, peerPort }: SiteAddress): string {
  return `https://${bracket(host)}:${peerPort}`;
}

export function clientUrl({ host, clientPort }: SiteAddress): string {
  return `https://${bracket(host)}:${clientPort}`;
}

function bracket(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** Its last part has a letter, so that a mistyped address is not taken for a name. */
function isName(text: string): boolean {
  const parts = text.split('.');
  const isPart = (part: string) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(part);
  return text.length <= 253 && parts.every(isPart) && /[a-z]/i.test(parts.at(-1) ?? '');
}

function isPort(port: number): boolean {
  return port > 0 && port <= 65_535;
}
