/** Another binding of the Pod, to another node, is under way, and this one cannot wait for its end. */
export class PodHeldError extends Error {}
