/**
 * The only place where adapters are built. Every import of an adapter is dynamic, so that a command loads no more
 * than it uses.
 *
 * @module
 */
export {};
