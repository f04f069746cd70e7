/** The name of the machine type that a node belongs to. The controller writes it on every node of one. */
export const machineTypeLabel = "metahub.dev/machine-type";
/** The profile of a node: the name of all that it offers. The controller writes it on every node of a machine type. */
export const profileLabel = "metahub.dev/profile";
