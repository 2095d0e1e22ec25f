const LOOKS = 10;

/** Watches that Workers say something now and then. */
export interface SilenceWatch extends Disposable {
  /** A Worker has said something. */
  heard(member: number): void;
}

/**
 * Calls back once one of the Workers has said nothing for `silentMs`. By looks rather than a clock: a machine that slept has
 * their messages waiting, and only one look more.
 */
export function watchSilence(members: number, silentMs: number, onSilent: (what: string) => void): SilenceWatch {
  const silentLooks = new Array<number>(members).fill(0);
  const timer = setInterval(() => {
    for (let member = 0; member < members; member++) silentLooks[member]!++;
    if (Math.max(...silentLooks) > LOOKS) onSilent(`has said nothing for ${silentMs / 1000} s`);
  }, silentMs / LOOKS);
  return {
    heard: (member) => void (silentLooks[member] = 0),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
