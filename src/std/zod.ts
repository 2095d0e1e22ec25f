/**
 * Hands zod on. Deno's start doubles where more than about 32 lazily loaded modules import from a package of their own,
 * so what many modules need of one comes from this one.
 *
 * @module
 */
export { z } from "zod-package";
