/** The name that somebody signed in with, where the server asks for a key; browsers send it as `Basic`. */
export function signedInAs(request: Request): string | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
    return text.slice(0, text.indexOf(":")) || undefined;
  } catch {
    return undefined;
  }
}
