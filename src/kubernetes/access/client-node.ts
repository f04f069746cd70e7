/**
 * The one part of client-node that is used, in a module of its own: a bundler keeps all of a package that is imported
 * dynamically (4 MiB of generated API here), but only this class of a module that re-exports it.
 */
export { KubeConfig } from "@kubernetes/client-node";
