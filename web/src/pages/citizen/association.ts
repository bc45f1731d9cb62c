/* Reads a person's association and the list of applications. */
import { responseData, api, ProblemError, type Schemas } from "../../api/client";
import { useLoad } from "../../parts/action";

export type Association = Schemas["Association"];

/** Returns the association, or null if there is none. */
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

/** The page highlights the end of the association during its last 30 days. The reminder is sent on the first of these days. */
export const URGENT_DAYS = 30;

export function listApplications(): Promise<readonly Schemas["Application"][]> {
  return responseData(api.GET("/v1/applications")).then((list) => list.applications);
}
