/** Where a service that listens is found: `http://127.0.0.1:8000`. */
export function originOf(host: string, port: number | string, isTls: boolean): string {
  const shown = host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host;
  return `${isTls ? "https" : "http"}://${shown}:${port}`;
}
