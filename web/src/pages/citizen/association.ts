/* What is associated with a person. */
import { responseData, api, ProblemError, type Schemas } from "../../api/client";
import { useLoad } from "../../parts/action";

export type Association = Schemas["Association"];

/** Null where nothing is associated. */
export async function findAssociation(subject: string): Promise<Association | null> {
  try {
    return await responseData(api.GET("/v1/subjects/{subject}/association", { params: { path: { subject } } }));
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === "nothing_associated") return null;
    throw error;
  }
}

export function useAssociation(subject: string) {
  return useLoad(() => findAssociation(subject), [subject]);
}

/** Days before the end on which it becomes urgent; the reminder goes out on the first of them. */
export const URGENT_DAYS = 30;

export function listApplications(): Promise<readonly Schemas["Application"][]> {
  return responseData(api.GET("/v1/applications")).then((list) => list.applications);
}
